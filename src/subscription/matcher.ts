import { FhirError } from '../fhir/outcome.ts'
import { matches } from '../fhir/search/matches.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Released } from '../governance/gate.ts'
import type { Context } from '../interactions/context.ts'
import { permits } from '../interactions/judge.ts'
import { resourceOf } from '../interactions/released.ts'
import { criteriaOf } from '../interactions/subscriptions/criteria.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import {
  addEvents,
  takeChanges,
  watching,
  type Change,
  type SubscriptionRow,
} from '../interactions/subscriptions/records.ts'
import { versionOf } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'
import { fail } from './fail.ts'
import type { Subscribers } from './subscribers.ts'

const changesAtOnce = 200

/**
 * Judges what is in the outbox: each version against each Subscription on its type, under the rights of
 * who wrote the Subscription. Events and what is left of the outbox are one commit.
 *
 * @returns false when there was nothing to judge
 */
export async function judgeChanges(tx: Tx, context: Context, subscribers: Subscribers): Promise<boolean> {
  const changes = await takeChanges(tx, changesAtOnce)
  if (changes.length === 0) return false
  const versions = await versionsOf(tx, context, changes)
  for (const row of await watching(tx, [...new Set(changes.map(({ type }) => type))])) {
    await judge(tx, context, subscribers, row, versions)
  }
  return true
}

interface Version {
  readonly change: Change
  readonly released: Released
}

async function versionsOf(tx: Tx, context: Context, changes: readonly Change[]): Promise<Version[]> {
  const versions: Version[] = []
  for (const change of changes) {
    const row = await versionOf(tx, change.type, change.id, change.version)
    if (!row || row.method === 'DELETE') continue
    const [released] = await context.gate.release(tx, ourselves, [row])
    if (released) versions.push({ change, released })
  }
  return versions
}

async function judge(
  tx: Tx,
  context: Context,
  subscribers: Subscribers,
  row: SubscriptionRow,
  versions: readonly Version[],
): Promise<void> {
  try {
    const { watch, access } = await subscribers.load(tx, row)
    const asOwner = { ...context, access }
    const queries = await criteriaOf(tx, asOwner, watch)
    const found: Version[] = []
    for (const version of versions) {
      if (version.change.type !== row.type) continue
      if (await isFor(tx, asOwner, queries, version.released)) found.push(version)
    }
    const at = context.now()
    if (found.length > 0)
      await addEvents(
        tx,
        row.id,
        found.map(({ change, released }) => ({ ...change, patient: released.row.patient, at })),
      )
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    await fail(tx, context, row, 'what it asks for is no longer served')
  }
}

/** Whether its owner may read and find a version, and asks for it. */
async function isFor(
  tx: Tx,
  asOwner: Context,
  queries: readonly Query[],
  released: Released,
): Promise<boolean> {
  const resource = resourceOf(released)
  if (!queries.every((query) => matches(query, resource, asOwner))) return false
  const version = { resource, id: released.row.id }
  return (await permits(tx, asOwner, 'r', version)) && (await permits(tx, asOwner, 's', version))
}
