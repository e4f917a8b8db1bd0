import type { Permission } from '../access/scope.ts'
import { versionsBefore } from '../store/history.ts'
import { currents, lastVersion } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { nameOf, permits, permitsAll, reached, type Key } from './judge.ts'
import { resourceOf } from './released.ts'

/**
 * Whether a resource was deleted that the caller could see: its last version is held against the scopes.
 * For who could not, it never was.
 */
export async function wasDeleted(
  tx: Tx,
  context: Context,
  permission: Permission,
  key: Key,
): Promise<boolean> {
  const last = await lastVersion(tx, key.type, key.id)
  if (last?.method !== 'DELETE') return false
  if (permitsAll(context.access, key.type, permission)) return true
  const [before] = await context.gate.release(tx, context.access, await versionsBefore(tx, [last]))
  return (
    before !== undefined && permits(tx, context, permission, { resource: resourceOf(before), id: key.id })
  )
}

/**
 * Those of some resources whose former versions the caller may look at: they are within the scopes as they
 * are now, or as they were when they were deleted. What was moved to another patient's record took its
 * history along.
 *
 * @returns names as `nameOf` gives them
 */
export async function withHistory(
  tx: Tx,
  context: Context,
  permission: Permission,
  keys: readonly Key[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const there = new Set((await currents(tx, keys)).map(nameOf))
  const seen = new Set((await reached(tx, context, permission, keys)).map(nameOf))
  for (const key of keys) {
    const isGone = !there.has(nameOf(key))
    if (isGone && (await wasDeleted(tx, context, permission, key))) seen.add(nameOf(key))
  }
  return seen
}
