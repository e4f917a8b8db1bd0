import type { Access, Caller } from '../access/access.ts'

/**
 * One access that goes on record. It says who touched what, when and from where, and nothing of what
 * was in it: no outward patient id, no name, no value of a query.
 */
export interface AuditedAccess {
  /** create, read, update, delete, execute (searches and operations) */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  /**
   * a code of http://hl7.org/fhir/restful-interaction (`read`, `search-type`, …), `export` or `export-…`
   * for what leaves in bulk, else a name of ours (`permit-revoke`)
   */
  readonly interaction: string
  /** refused: the caller may not, or asked wrongly; failed: our fault */
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly access: Access | { readonly caller: Caller }
  /** path of the base that was asked: `/fhir`, `/research/{permit}/fhir`, `/governance` */
  readonly base: string
  /** the resource type asked for, when there is one */
  readonly type?: string
  /** what was touched, by internal id; by pseudonym on a research base */
  readonly entities: readonly AuditedEntity[]
  /** in whose compartments that is: keys; pseudonyms on a research base */
  readonly patients: readonly string[]
  /** names of the search parameters, never values */
  readonly parameters?: readonly string[]
  /** the permit's id; taken from `access` when that is a research base's */
  readonly permit?: string
  readonly at: Date
  /** counts, job ids, hashes of files: nothing about a person */
  readonly detail?: Readonly<Record<string, string>>
}

export interface AuditedEntity {
  readonly type: string
  readonly id: string
  readonly version?: number
}
