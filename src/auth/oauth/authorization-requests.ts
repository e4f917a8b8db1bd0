import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { errors } from 'oidc-provider'
import { Repository } from 'typeorm'
import { narrow, type Scope } from '../../access/scope.ts'
import { Settings } from '../../config.ts'
import { AuthSeal } from '../auth-seal.ts'
import { Clients } from '../clients/clients.ts'
import { Person, type Client } from '../entities.ts'
import { baseOf, fhirBase, type FhirBase } from '../fhir-base.ts'
import { fhirUserOf, rightsOf } from '../people/rights.ts'
import { ResearchBases } from '../research-bases.ts'
import { onBase, researchRights } from './backend-services.ts'
import { ContextRecords } from './context-records.ts'
import type { LaunchContext } from './launch-context.ts'
import { addedBy, readWords, type LaunchWord } from './launch-words.ts'
import { Launches, type Launch } from './launches.ts'

/** An authorization request's parameters, as far as they decide what can be granted. */
export interface Asked {
  readonly clientId: string
  readonly base: FhirBase
  readonly scope: string
  /** a handle that this request has spent */
  readonly launch: string | undefined
}

/** What an authorization request comes to, for the person who is signed in. */
export interface AuthorizationRequest {
  readonly base: FhirBase
  readonly client: Client
  readonly words: readonly LaunchWord[]
  readonly launch: Launch | undefined
  readonly person: Person | undefined
  /** who the person is in the records */
  readonly fhirUser: string | undefined
  /** logical ids of the only patients there are to choose from; undefined: any that the person may see */
  readonly patients: readonly string[] | undefined
  readonly context: LaunchContext
  /** asked ∩ client's policy ∩ person's rights */
  readonly scopes: readonly Scope[]
  /** what breaking the glass would add */
  readonly emergency: readonly Scope[]
  /** whether a patient has to be chosen before anything can be granted */
  readonly needsPatient: boolean
}

/**
 * Works out what an app may be granted: what it asks for, as far as its own policy, the rights of the
 * person and the base reach. Asked anew at each step, so that what has changed meanwhile counts.
 */
@Injectable()
export class AuthorizationRequests {
  constructor(
    private readonly clients: Clients,
    @InjectRepository(Person) private readonly people: Repository<Person>,
    private readonly launches: Launches,
    private readonly records: ContextRecords,
    private readonly researchBases: ResearchBases,
    private readonly seal: AuthSeal,
    private readonly settings: Settings,
  ) {}

  /** The base that `aud` means: its URL, with or without a slash at the end. */
  baseOfAudience(aud: unknown): FhirBase | undefined {
    if (typeof aud !== 'string') return undefined
    const url = aud.endsWith('/') ? aud.slice(0, -1) : aud
    const prefix = this.settings.publicUrl
    const found = url.startsWith(prefix) ? fhirBase(prefix, url.slice(prefix.length)) : undefined
    return found && found.url === url ? baseOf(prefix, found.permit) : undefined
  }

  /** What its policy leaves of what a client asks for, whoever signs in. */
  withinPolicy(client: Client, base: FhirBase, scope: string): readonly Scope[] {
    const asked = this.clients.readScopes(scope).filter(({ context }) => context !== 'system')
    return onBase(base, narrow(asked, this.clients.policy(client)))
  }

  /** Of the words that are asked for, those that a client is registered for and that mean something here. */
  words(client: Client, base: FhirBase, scope: string): readonly LaunchWord[] {
    const { scope: registered, grant_types: grantTypes = [] } = this.clients.metadata(client)
    const known = new Set<string>(readWords(registered))
    return readWords(scope).filter((word) => {
      // who somebody is in the records, and whom they treat, is nobody's business on a research base
      if (base.permit !== undefined && (word === 'fhirUser' || word.startsWith('launch'))) return false
      if (word.endsWith('_access')) return known.has(word) && grantTypes.includes('refresh_token')
      return known.has(word)
    })
  }

  /**
   * @param username who is signed in
   * @param chosen logical id of the patient whom they chose
   * @throws InvalidClient when the client is gone; AccessDenied when the person may not use this base, or
   *   the patient of the launch is none of theirs
   */
  async read(
    { clientId, base, scope, launch: handle }: Asked,
    username: string | undefined,
    chosen: string | undefined,
  ): Promise<AuthorizationRequest> {
    const client = await this.clients.find(clientId)
    if (!client) throw new errors.InvalidClient('client is invalid', 'client not found')
    const launch = handle === undefined ? undefined : await this.launches.spent(handle, clientId)
    if (handle !== undefined && !launch) throw new errors.InvalidRequest('launch: has ended')
    const person = username === undefined ? null : await this.people.findOneBy({ username })
    if (person) await this.demandMember(base, person.username)
    const fhirUser = person ? fhirUserOf(this.seal, person) : undefined
    const patients = fhirUser === undefined ? undefined : await this.records.patientsOf(fhirUser)
    const words = this.words(client, base, scope)
    const reach = this.reach(base, this.withinPolicy(client, base, scope), person ?? undefined)
    const isOfPatient = ({ context }: Scope) => context === 'patient'
    const wantsPatient =
      base.permit === undefined &&
      (words.includes('launch/patient') || [...reach.scopes, ...reach.emergency].some(isOfPatient))
    const context = contextOf(launch, chosen, wantsPatient ? patients : undefined)
    if (wantsPatient) demandOwn(context, patients)
    return {
      ...{ base, client, words, launch, person: person ?? undefined, fhirUser, patients, context },
      ...reach,
      needsPatient: wantsPatient && context.patient === undefined,
    }
  }

  private reach(
    base: FhirBase,
    asked: readonly Scope[],
    person: Person | undefined,
  ): Pick<AuthorizationRequest, 'scopes' | 'emergency'> {
    if (!person) return { scopes: asked, emergency: [] }
    if (base.permit !== undefined) return { scopes: narrow(asked, researchRights), emergency: [] }
    const scopes = narrow(asked, rightsOf(person, false, this.settings.zone))
    const wider = narrow(asked, rightsOf(person, true, this.settings.zone))
    return { scopes, emergency: addedBy(wider, scopes) }
  }

  private async demandMember(base: FhirBase, username: string): Promise<void> {
    if (base.permit !== undefined && !(await this.researchBases.admitsPerson(base.permit, username))) {
      throw new errors.AccessDenied('not a base that this person may use')
    }
  }
}

/** The launch's context; without one, the patient who was chosen, or the only one whom the person stands for. */
function contextOf(
  launch: Launch | undefined,
  chosen: string | undefined,
  patients: readonly string[] | undefined,
): LaunchContext {
  const patient = launch?.context.patient ?? chosen ?? (patients?.length === 1 ? patients[0] : undefined)
  return { ...launch?.context, ...(patient !== undefined && { patient }) }
}

/** @throws AccessDenied when somebody who stands for patients is given another, or stands for none */
function demandOwn({ patient }: LaunchContext, patients: readonly string[] | undefined): void {
  if (patients === undefined) return
  if (patients.length === 0 || (patient !== undefined && !patients.includes(patient))) {
    throw new errors.AccessDenied('not a patient whom this person stands for')
  }
}
