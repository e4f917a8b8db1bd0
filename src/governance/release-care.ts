import { FhirError } from '../fhir/outcome.ts'
import { decodeFragments, join } from '../identity/split.ts'
import { patientKeysIn, renamePatients } from '../identity/references.ts'
import { sealedPlace, type Vault } from '../identity/vault.ts'
import type { HistoryRow, StoredRow } from '../store/row.ts'
import { isElsewhere, type Tx } from '../store/tx.ts'

/** A resource on its way out. */
export interface Released {
  readonly type: string
  /** as the caller knows it */
  readonly id: string
  readonly version: number
  readonly updatedAt: Date
  /** the resource as JSON */
  readonly text: string
  readonly row: StoredRow | HistoryRow
}

/** Joins clinical rows with what the vault holds of them: what was written comes back, digit by digit. */
export async function releaseCare(
  tx: Tx,
  vault: Vault,
  rows: readonly (StoredRow | HistoryRow)[],
): Promise<Released[]> {
  const sealed = rows.flatMap(({ patient, seal }) => (seal === null ? [] : [{ patient, seal }]))
  const contents = await vault.read(tx, sealed)
  const texts = rows.map((row) => whole(tx, row, contents))
  const keys = rows.flatMap((row, index) => [
    ...(row.type === 'Patient' ? [row.id] : []),
    ...patientKeysIn(texts[index] ?? ''),
  ])
  const ids = await vault.patientIds(tx, keys)
  return rows.map((row, index) => {
    const id = row.type === 'Patient' ? (ids.get(row.id) ?? row.id) : row.id
    const named = renamePatients(texts[index] ?? '', ids)
    const text = id === row.id ? named : named.replace(`"id":"${row.id}"`, `"id":"${id}"`)
    return { type: row.type, id, version: row.version, updatedAt: row.updatedAt, text, row }
  })
}

function whole(tx: Tx, row: StoredRow | HistoryRow, contents: ReadonlyMap<string, string>): string {
  if (row.body === null) throw new TypeError('a deletion has nothing to release')
  if (row.seal === null) return row.body
  const content = contents.get(sealedPlace(row.patient, row.seal))
  // it was there when the row was: an expunge between the two questions took both
  if (content === undefined && isElsewhere(tx)) throw FhirError.later(503, 'a version was just expunged', 1)
  if (content === undefined) throw new Error('vault: the sealed part of a row is gone')
  return join(row.body, decodeFragments(content))
}
