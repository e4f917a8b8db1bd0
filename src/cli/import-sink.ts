import type { Resource } from '../fhir/json.ts'
import type { Issue } from '../fhir/outcome.ts'

/**
 * Where imported resources go. What a call returns 2xx for, so to speak, is on disk: the command
 * writes down how far it came from these answers alone. Calls overlap; those that do are about
 * different resources and do not refer to each other.
 */
export interface ImportSink {
  /**
   * Takes resources as an update would: those with an `id` under that id, others under a new one. One
   * that is refused does not keep the others out.
   *
   * @returns one result for each resource, in their order
   * @throws whatever stops the import: the database is gone, the disk is full
   */
  importBatch(
    resources: readonly { readonly resource: Resource; readonly line: number }[],
  ): Promise<readonly { readonly line: number; readonly refused?: readonly Issue[] }[]>

  /**
   * Carries out a Bundle of type `transaction` (all or nothing) or `batch`.
   *
   * @returns one result for each entry, numbered from 0; all of them refused when a transaction was
   * @throws FhirError below 500 when the Bundle as a whole is refused; anything else stops the import
   */
  importBundle(
    bundle: Resource,
  ): Promise<readonly { readonly entry: number; readonly refused?: readonly Issue[] }[]>
}
