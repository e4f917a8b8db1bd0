import { randomUUID } from 'node:crypto'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Resource } from '../../fhir/json.ts'
import { insertMerge, insertMoved, markMoving, standingMerge, type Moved } from '../../governance/merges.ts'
import { opposedAmong } from '../../governance/opposed.ts'
import { noteLinkage } from '../../store/linkage-notes.ts'
import { lock } from '../../store/lock.ts'
import { firstPlace, placesReferring, type Place } from '../../store/referring.ts'
import { currents } from '../../store/resources.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { demandReached, permitsAll } from '../judge.ts'
import { resourceOf } from '../released.ts'
import { writeAll, type Write } from '../write.ts'
import { mergerOf, type Pair, type Party } from './pair.ts'
import { moveOver } from './redirect.ts'

/** One transaction moves no more: it holds their locks and, in the vault, their sealed parts. */
export const mostMoved = 10_000
/** Opened, changed and written at once. */
export const atOnce = 200

/**
 * Takes the locks of two Patients and of all that refers to the first, and says what that is: places of
 * resources other than the two. Who writes one of these waits, or was waited for; each is read after.
 *
 * @returns `too many`: more than one transaction moves; then of the two alone the locks are taken
 */
export async function lockReferring(
  tx: Tx,
  { source, target }: Pair,
): Promise<readonly Place[] | 'too many'> {
  const own = [source, target].map(({ key }) => ({ type: 'Patient', id: key }))
  const found = await referringOthers(tx, source.key, target.key)
  await lock(tx, found === 'too many' ? own : [...own, ...found])
  // what came to refer to the source while the locks were waited for; the transaction is repeated on a deadlock
  const places = await referringOthers(tx, source.key, target.key)
  if (places !== 'too many') await lock(tx, places)
  return places
}

async function referringOthers(
  tx: Tx,
  source: string,
  target: string,
): Promise<readonly Place[] | 'too many'> {
  const found = await placesReferring(tx, source, { after: firstPlace, limit: mostMoved + 3 })
  const others = found.filter(({ type, id }) => type !== 'Patient' || (id !== source && id !== target))
  return others.length > mostMoved ? 'too many' : others
}

/**
 * Whether more than one transaction moves may be left to be moved beside the requests, where no scope is asked
 * for each resource: by who may update all that there is.
 *
 * @throws FhirError 422 `too-costly`
 */
export function demandMovable({ access }: Context): void {
  if (permitsAll(access, '*', 'u')) return
  throw new FhirError(422, [
    issue('too-costly', `more than ${mostMoved} resources refer to the source: more than these scopes move`),
  ])
}

/**
 * Writes the two Patients and moves everything that refers to the source, in the caller's transaction,
 * under the locks of `lockReferring`. Too many are left for `move-next.ts`.
 *
 * @param after what the two Patients become
 * @returns what was moved, and the versions of the two
 */
export async function carryOut(
  tx: Tx,
  context: Context,
  pair: Pair,
  after: { readonly source: Resource; readonly target: Resource },
  places: readonly Place[] | 'too many',
): Promise<{
  readonly moved: readonly Moved[]
  readonly versions: readonly [source: number, target: number]
}> {
  const { source, target } = pair
  const standing = await standingMerge(tx, source.key)
  const [sourceAfter, targetAfter] = standing
    ? [source.version, target.version]
    : await writePatients(tx, context, pair, after)
  const id = standing?.id ?? randomUUID()
  if (!standing) {
    await insertMerge(tx, {
      ...{ id, source: source.key, target: target.key },
      ...{ sourceBefore: source.version, sourceAfter, targetBefore: target.version, targetAfter },
      ...{ mergedBy: mergerOf(context), mergedAt: context.now() },
    })
    await noteLinkage(tx, 'look', [source.key, target.key])
  }
  if (places === 'too many') await markMoving(tx, id, firstPlace)
  const moved = places === 'too many' ? [] : await moveAll(tx, context, id, pair, places)
  await opposeBoth(tx, context, pair)
  return { moved, versions: [sourceAfter, targetAfter] }
}

/** Moves what refers to the source, and writes it into the journal. The caller holds the locks. */
export async function moveAll(
  tx: Tx,
  context: Context,
  merge: string,
  { source, target }: { readonly source: Pick<Party, 'id'>; readonly target: Pick<Party, 'id'> },
  places: readonly Place[],
): Promise<readonly Moved[]> {
  const moved: Moved[] = []
  const ids = { source: source.id, target: target.id, base: context.base }
  await rewriteAll(
    tx,
    context,
    places,
    (resource) => moveOver(resource, ids),
    async (batch) => {
      await insertMoved(tx, merge, batch)
      moved.push(...batch.map((one) => ({ ...one, paths: [] })))
    },
  )
  return moved
}

/**
 * How many resources of each type a merge would move.
 *
 * @param places as `lockReferring` gives them
 * @throws FhirError 403 where the merge itself would be refused: a count tells that something exists
 */
export async function countMoves(
  tx: Tx,
  context: Context,
  { source, target }: Pair,
  places: readonly Place[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const ids = { source: source.id, target: target.id, base: context.base }
  for (let start = 0; start < places.length; start += atOnce) {
    const rows = await currents(tx, places.slice(start, start + atOnce))
    const released = await context.gate.release(tx, context.access, rows)
    const moved = released.filter((one) => moveOver(resourceOf(one), ids).paths.length > 0)
    await demandReached(
      tx,
      context,
      'u',
      moved.map(({ row }) => row),
    )
    for (const { type } of moved) counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return counts
}

/** Writes the two Patients. @returns their versions */
export async function writePatients(
  tx: Tx,
  context: Context,
  { source, target }: Pair,
  after: { readonly source: Resource; readonly target: Resource },
): Promise<[source: number, target: number]> {
  const written = await writeAll(tx, context, [
    writeOf('Patient', source.id, after.source, source.version),
    writeOf('Patient', target.id, after.target, target.version),
  ])
  const [one, other] = written
  if (!one || !other) throw new TypeError('nothing was written')
  return [one.version, other.version]
}

/**
 * Writes resources anew, `atOnce` at a time; who deleted one meanwhile keeps it deleted.
 *
 * @param change `paths: []` leaves a resource as it is
 */
export async function rewriteAll(
  tx: Tx,
  context: Context,
  places: readonly Place[],
  change: (
    resource: Resource,
    place: Place,
  ) => { readonly resource: Resource; readonly paths: readonly string[] },
  done: (moved: readonly Moved[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < places.length; start += atOnce) {
    const rows = await currents(tx, places.slice(start, start + atOnce))
    const released = await context.gate.release(tx, context.access, rows)
    const changed = released.flatMap((one) => {
      const { type, id, version, row } = one
      const { resource, paths } = change(resourceOf(one), { type, id: row.id })
      return paths.length > 0 ? [{ write: writeOf(type, id, resource, version), paths, row }] : []
    })
    if (changed.length === 0) continue
    await demandReached(
      tx,
      context,
      'u',
      changed.map(({ row }) => row),
    )
    const written = await writeAll(
      tx,
      context,
      changed.map(({ write }) => write),
    )
    await done(
      written.flatMap(({ type, internal, version, unchanged }, index) =>
        unchanged ? [] : [{ type, id: internal, version, paths: changed[index]?.paths ?? [] }],
      ),
    )
  }
}

function writeOf(type: string, id: string, resource: Resource, version: number): Write {
  return { type, id, resource, method: 'PUT', fresh: false, ifMatch: version, isRewritten: true }
}

/** Who opposed as either of the two opposes as both: the desk lifts it, no merge and no undoing does. */
async function opposeBoth(tx: Tx, context: Context, { source, target }: Pair): Promise<void> {
  const opposed = await opposedAmong(tx, [source.key, target.key])
  if (opposed.size === 0) return
  for (const { key } of [source, target]) {
    if (opposed.has(key)) continue
    const said = { patient: key, source: 'desk', consent: undefined } as const
    await context.gate.opposing.oppose(tx, { ...said, takenBy: mergerOf(context), takenAt: context.now() })
  }
}
