import type { AllowedQuery, ResearchAccess } from '../access/access.ts'
import { patientOf } from '../deid/pseudonym.ts'
import { exportRows } from '../store/search.ts'
import type { StoredRow } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import type { Gate, Released } from './gate.ts'
import { membersFrom } from './members.ts'

/**
 * Everything of one type that a permit releases, in the permit's own order: by the patient's pseudonym,
 * then by the resource's. The order of birth, of arrival and of the care ids is gone.
 *
 * @param after the id of the last resource that was seen; undefined: from the beginning
 * @returns one array per patient who has any
 */
export async function* walkReleased(
  tx: Tx,
  gate: Gate,
  access: ResearchAccess,
  query: AllowedQuery,
  options: {
    readonly after?: string | undefined
    readonly since?: Date | undefined
    readonly until?: Date | undefined
  },
): AsyncGenerator<readonly Released[]> {
  const prepared = await gate.prepare(tx, query)
  const { after, since, until } = options
  // the patient in whose resources an earlier walk stopped is looked at again
  let from = after === undefined ? '' : (patientOf(after) ?? after)
  for (;;) {
    const members = await membersFrom(tx, access.permit.id, from, patientsAtOnce)
    const last = members.at(-1)
    if (last === undefined) return
    const patients = members.map(({ patient }) => patient)
    const rows = await collect(exportRows(tx, prepared, { since, until, patients }))
    const byPatient = groupByPatient(await gate.release(tx, access, rows))
    for (const { patient } of members) {
      const ordered = (byPatient.get(patient) ?? []).sort((left, right) => (left.id < right.id ? -1 : 1))
      const fresh = after === undefined ? ordered : ordered.filter(({ id }) => id > after)
      if (fresh.length > 0) yield fresh
    }
    // pseudonyms have one length: the least text after this one
    from = `${last.pseudonym}0`
  }
}

/** Rows of so many patients are in memory at once. */
const patientsAtOnce = 20

async function collect(batches: AsyncIterable<StoredRow[]>): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}

function groupByPatient(released: readonly Released[]): Map<string, Released[]> {
  const groups = new Map<string, Released[]>()
  for (const one of released) {
    const group = groups.get(one.row.patient)
    if (group) group.push(one)
    else groups.set(one.row.patient, [one])
  }
  return groups
}
