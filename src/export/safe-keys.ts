import { wrappedColumn } from '../identity/wrapped-place.ts'
import { sql } from '../store/sql.ts'

/** What a safe's key is bound to. */
export function safeKeyContext(safe: string): string {
  return `safe/${safe}`
}

/** The keys of safes, until they are closed. */
export const safeKeysPlace = wrappedColumn({
  name: 'safe keys',
  ...{ table: sql`export.safe`, id: sql`id`, idType: sql`uuid`, key: sql`wrapped` },
  context: safeKeyContext,
})
