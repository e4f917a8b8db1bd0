import type { Resource } from '../fhir/json.ts'
import type { Issue } from '../fhir/outcome.ts'
import type { Item } from './unit.ts'

/**
 * Where imported resources go. What a call returns 2xx for, so to speak, is on disk: the command
 * writes down how far it came from these answers alone. Calls overlap; those that do are about
 * different resources and do not refer to each other.
 *
 * A place of a source may be given again after a crash, for the command may not have come to write it
 * down. The sink then makes nothing anew: a create is told by its place, an update by its id.
 */
export interface ImportSink {
  /** Forgets what it knows of a source: it shall be imported again, all of it. */
  forget(source: string): Promise<void>

  /**
   * Takes resources as an update would: those with an `id` under that id, others under a new one. One
   * that is refused does not keep the others out.
   *
   * @param source the fingerprint of the file that the items' places are in
   * @returns one result for each resource, in their order
   * @throws whatever stops the import: the database is gone, the disk is full
   */
  importBatch(
    items: readonly Item[],
    source: string,
  ): Promise<readonly { readonly line: number; readonly refused?: readonly Issue[] }[]>

  /**
   * Carries out a Bundle of type `transaction` (all or nothing) or `batch`.
   *
   * @param at the line of the source that it stands in
   * @returns one result for each entry, numbered from 0; all of them refused when a transaction was
   * @throws FhirError below 500 when the Bundle as a whole is refused; anything else stops the import
   */
  importBundle(
    bundle: Resource,
    at: { readonly source: string; readonly line: number },
  ): Promise<readonly { readonly entry: number; readonly refused?: readonly Issue[] }[]>
}
