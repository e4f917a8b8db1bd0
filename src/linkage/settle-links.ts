import type { Accessed } from '../interactions/answer.ts'
import { otherOf, pairsOf } from '../identity/vault-linkage.ts'
import type { Context } from '../interactions/context.ts'
import { resourceOf } from '../interactions/released.ts'
import { patientsByKey } from '../interactions/same-person.ts'
import { withServerLinks, type ServerLink } from '../interactions/server-links.ts'
import { writeAll } from '../interactions/write.ts'
import { lock } from '../store/lock.ts'
import type { Tx } from '../store/tx.ts'

/**
 * Makes the server's links of a Patient what its linked pairs say, as a new version on record; one that
 * says so already stays. The Patient of the other side is another call's: no transaction needs two locks.
 *
 * @param patient key; who is not there needs no links
 */
export async function settleLinks(tx: Tx, context: Context, patient: string): Promise<void> {
  await lock(tx, [{ type: 'Patient', id: patient }])
  const [released] = await patientsByKey(tx, context, [patient])
  if (!released) return
  const resource = withServerLinks(resourceOf(released), await wanted(tx, context, patient))
  const place = { type: 'Patient', id: released.id }
  const written = await writeAll(tx, context, [
    { ...place, resource, method: 'PUT', fresh: false, ifMatch: undefined, isRewritten: true },
  ])
  const accesses = written.flatMap(({ unchanged, version }): Accessed[] =>
    unchanged
      ? []
      : [
          {
            ...{ interaction: 'update', outcome: 'success', type: 'Patient', parameters: [] },
            ...{ entities: [{ type: 'Patient', id: patient, version }], patients: [patient] },
          },
        ],
  )
  await context.record(accesses)
}

/** The links that a Patient should have: to those of its linked pairs who are there. */
async function wanted(tx: Tx, context: Context, patient: string): Promise<ServerLink[]> {
  const linked = (await pairsOf(tx, patient)).filter(({ state }) => state === 'linked')
  const grounds = new Map(
    linked.map((pair) => [
      otherOf(pair, patient),
      pair.decidedBy === undefined ? ('ins' as const) : ('steward' as const),
    ]),
  )
  const others = await patientsByKey(tx, context, [...grounds.keys()])
  return others
    .map(({ id, row }) => ({ id, ground: grounds.get(row.id) ?? 'steward' }))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}
