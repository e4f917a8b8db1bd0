import { wrappedColumn } from '../identity/wrapped-place.ts'
import { sql } from '../store/sql.ts'
import { caseKeyContext } from './reidentification-words.ts'

/** The keys of re-identification cases. */
export const caseKeysPlace = wrappedColumn({
  name: 're-identification cases',
  ...{ table: sql`governance.reidentification`, id: sql`id`, idType: sql`uuid`, key: sql`key` },
  context: caseKeyContext,
})
