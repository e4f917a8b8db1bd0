import { wrappedColumn } from '../../identity/wrapped-place.ts'
import { sql } from '../../store/sql.ts'

/** What the key of an asynchronous request is bound to. */
export function jobKeyContext(job: string): string {
  return `async-key/${job}`
}

/** The keys of asynchronous requests, until their results are over. */
export const jobKeysPlace = wrappedColumn({
  name: 'keys of asynchronous requests',
  ...{ table: sql`async.job`, id: sql`id`, idType: sql`uuid`, key: sql`wrapped` },
  context: jobKeyContext,
})
