import type { CareAccess } from '../access/access.ts'
import { narrow, type Scope } from '../access/scope.ts'
import type { Clients } from '../auth/clients/clients.ts'
import type { People } from '../auth/people/people.ts'
import { rightsOf } from '../auth/people/rights.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Context } from '../interactions/context.ts'
import { isListedUrl } from '../interactions/listed-url.ts'
import { resourceOf } from '../interactions/released.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import type { SubscriptionRow } from '../interactions/subscriptions/records.ts'
import { readWatch, type Watch } from '../interactions/subscriptions/rules.ts'
import { current } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'

/** Who is behind Subscriptions, and what they ask for, as of now. */
export class Subscribers {
  private readonly clients: Clients
  private readonly people: Pick<People, 'find'>
  private readonly context: Context

  constructor(clients: Clients, people: Pick<People, 'find'>, context: Context) {
    this.clients = clients
    this.people = people
    this.context = context
  }

  /**
   * Reads a Subscription again, under what its client and its person are still allowed.
   *
   * @throws FhirError 404, 403, 422 when it can no longer be served
   */
  async load(tx: Tx, row: SubscriptionRow): Promise<{ watch: Watch; access: CareAccess }> {
    const stored = await current(tx, 'Subscription', row.id)
    const [released] = stored ? await this.context.gate.release(tx, ourselves, [stored]) : []
    if (!released) throw FhirError.notFound('Subscription')
    const access = await this.accessOf(row)
    const isAllowed = (endpoint: string) => isListedUrl(this.context.notifiable, endpoint)
    return { watch: readWatch(resourceOf(released), this.context.base, isAllowed), access }
  }

  /** Whose account is here tells of no more than they may now; of others their token said all there is. */
  private async ofPerson(userId: string | undefined, granted: readonly Scope[]): Promise<readonly Scope[]> {
    const person = userId === undefined ? undefined : await this.people.find(userId)
    return person ? narrow(granted, rightsOf(person, false, this.context.zone)) : granted
  }

  private async accessOf(row: SubscriptionRow): Promise<CareAccess> {
    const { clientId, userId, scopes, patient, id } = row
    const client = await this.clients.find(clientId)
    if (!client) throw FhirError.forbidden('the client is not registered')
    const granted = narrow(this.clients.readScopes(scopes), this.clients.policy(client))
    return {
      kind: 'care',
      caller: { clientId, userId, tokenId: `subscription/${id}`, ip: undefined },
      scopes: await this.ofPerson(userId, granted),
      patient,
      grants: new Set(),
    }
  }
}
