import { patientsWithKey } from '../identity/vault-erasure.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import type { ErasedList, ListedErasure } from './erased-list.ts'
import { findErasure, insertErasure, markConfirmed } from './erased.ts'
import type { Erasing } from './erasing.ts'

/** Who asks for what was asked for before the backup was restored, and who confirms it. */
const asker = 'list of erasures'
const confirmer = 'server'

/**
 * Erases again what a restored backup has brought back: patients whose erasure the list outside the
 * database knows of, and the database does not. Runs before the server answers anything.
 *
 * @returns how many patients were erased
 * @throws Error when the list is not ours, FhirError when the work cannot be done: start-up must stop
 */
export async function eraseAgain(
  { store, list, erasing }: { readonly store: Store; readonly list: ErasedList; readonly erasing: Erasing },
  now: Date,
): Promise<number> {
  const listed = await list.read()
  const undone = await store.transaction('care', async (tx) => {
    const unknown = new Map<string, ListedErasure>()
    const undone: string[] = []
    for (const one of listed) {
      const erasure = await findErasure(tx, one.id)
      if (!erasure) unknown.set(one.mark, one)
      else if (erasure.state === 'asked') undone.push(one.id)
    }
    if (unknown.size > 0) undone.push(...(await recordAgain(tx, list, unknown, now)))
    const by = { userId: confirmer, role: 'server', at: now } as const
    for (const id of undone) await markConfirmed(tx, id, by)
    return undone
  })
  for (const id of undone) await erasing.proceed(id, now)
  return undone.length
}

/** Looks for the patients that the list means: it knows them by an HMAC of their key. */
async function recordAgain(
  tx: Tx,
  list: ErasedList,
  unknown: ReadonlyMap<string, ListedErasure>,
  now: Date,
): Promise<string[]> {
  const there: { readonly patient: string; readonly listed: ListedErasure }[] = []
  for await (const patients of patientsWithKey(tx)) {
    for (const patient of patients) {
      const listed = unknown.get(list.mark(patient).toString('hex'))
      if (listed) there.push({ patient, listed })
    }
  }
  const recorded: string[] = []
  for (const { patient, listed } of there) {
    const { id, ground, retention } = listed
    const asked = { id, patient, mark: list.mark(patient), ground, retention, askedBy: asker, askedAt: now }
    if (await insertErasure(tx, asked)) recorded.push(id)
  }
  return recorded
}
