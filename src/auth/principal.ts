import type { Caller } from '../access/access.ts'
import type { Scope } from '../access/scope.ts'

/** Who a token stands for and what it may, at the one FHIR base it is good for. */
export interface Principal {
  readonly caller: Caller
  /** `/fhir` or `/research/{permit}/fhir` */
  readonly base: string
  readonly scopes: readonly Scope[]
  /** logical id of the patient in launch context, for `patient/` scopes */
  readonly patient: string | undefined
  /** the client's grants beside scopes */
  readonly grants: ReadonlySet<string>
  /** `Practitioner/123`: who the person is in the records, where the token says it */
  readonly fhirUser?: string
}

/** What a strategy finds out from a token, for the base it was sent to. */
export interface TokenSubject {
  readonly clientId: string
  readonly userId: string | undefined
  /** tells the token from others in the trail, without being it */
  readonly tokenId: string
  readonly scopes: readonly Scope[]
  readonly patient: string | undefined
  readonly grants: ReadonlySet<string>
  /** `Practitioner/123`; only a token with the scope `fhirUser` says it */
  readonly fhirUser?: string
  /** the glass was broken for it */
  readonly purpose?: 'BTG'
}
