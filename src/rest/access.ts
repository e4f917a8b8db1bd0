import { Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Access, CareAccess, Permit, ResearchAccess } from '../access/access.ts'
import { parseScopes, type Scope } from '../access/scope.ts'
import { Authenticator } from '../auth/authenticator.ts'
import type { Principal } from '../auth/principal.ts'
import { Settings } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Gate } from '../governance/gate.ts'
import { Permits } from '../governance/permits.ts'
import { Store } from '../store/store.ts'

type Asked = Pick<FastifyRequest, 'headers' | 'ip'>

/** The segment in `/research/{permit}/fhir`. */
const permitIdSyntax = /^[A-Za-z0-9_-]{1,64}$/

/** Makes the `Access` of a request: the one place where a token becomes a right. */
@Injectable()
export class RequestAccess {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly permits: Permits,
    private readonly gate: Gate,
    private readonly store: Store,
    private readonly settings: Settings,
  ) {}

  /** @throws FhirError 401 */
  async careAccess(request: Asked): Promise<CareAccess> {
    const principal = await this.authenticator.authenticate(
      request.headers.authorization,
      '/fhir',
      request.ip,
    )
    const { caller, scopes, grants } = principal
    const access: CareAccess = { kind: 'care', caller, scopes, patient: undefined, grants }
    const patient = await this.patientKey(access, principal)
    // a patient/ scope without its patient would be a scope on everyone
    const usable = patient === undefined ? scopes.filter(({ context }) => context !== 'patient') : scopes
    return { ...access, patient, scopes: [...usable, ...this.ofThemselves(principal)] }
  }

  /** The scope `fhirUser`: "permission to retrieve information about the current logged-in user". */
  private ofThemselves({ fhirUser }: Principal): readonly Scope[] {
    const [type, id = ''] = fhirUser?.split('/') ?? []
    return type === undefined ? [] : parseScopes(`user/${type}.r?_id=${id}`, this.settings.zone)
  }

  /** @throws FhirError 401; 404 when there is no such base, or its permit is not active */
  async researchAccess(request: Asked, permitId: string): Promise<ResearchAccess> {
    const permit = await this.permit(permitId)
    const base = `/research/${permitId}/fhir`
    const { caller, scopes } = await this.authenticator.authenticate(
      request.headers.authorization,
      base,
      request.ip,
    )
    return { kind: 'research', caller, scopes, permit }
  }

  /** The access at the care base, or at a permit's. @throws FhirError as the two above */
  at(request: Asked, permitId: string | undefined): Promise<Access> {
    return permitId === undefined ? this.careAccess(request) : this.researchAccess(request, permitId)
  }

  /** @throws FhirError 404 when there is no such base, or its permit is not active */
  async permit(permitId: string): Promise<Permit> {
    const active = permitIdSyntax.test(permitId) ? await this.permits.load(permitId) : undefined
    if (!active) throw FhirError.notFound('FHIR base')
    return active.permit
  }

  private async patientKey(access: CareAccess, { patient }: Principal): Promise<string | undefined> {
    if (patient === undefined) return undefined
    return this.store.read('care', (tx) => this.gate.locate(tx, access, 'Patient', patient))
  }
}
