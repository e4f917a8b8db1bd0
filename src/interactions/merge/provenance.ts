import type { Resource } from '../../fhir/json.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { newLogicalId } from '../logical-id.ts'
import { writeAll } from '../write.ts'
import { mergerOf, type Pair } from './pair.ts'

/**
 * Records who merged two Patients, or undid it, when and why: a Provenance of the two versions that were
 * written. It refers to versions, so that no later merge moves it.
 *
 * @param reason in the caller's words; sealed at rest as all free text
 */
export async function writeProvenance(
  tx: Tx,
  context: Context,
  activity: 'merge' | 'unmerge',
  { source, target }: Pair,
  versions: readonly [source: number, target: number],
  reason: string | undefined,
): Promise<void> {
  const now = context.now()
  const id = newLogicalId(now)
  const version = (patient: string, of: number) => ({ reference: `Patient/${patient}/_history/${of}` })
  const resource: Resource = {
    resourceType: 'Provenance',
    target: [version(target.id, versions[1]), version(source.id, versions[0])],
    recorded: now.toISOString(),
    ...(reason === undefined ? {} : { reason: [{ text: reason }] }),
    activity: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: activity }],
    },
    agent: [{ who: { identifier: { value: mergerOf(context) } } }],
  }
  await writeAll(tx, context, [
    { type: 'Provenance', id, resource, method: 'POST', fresh: true, ifMatch: undefined },
  ])
}
