import type { Gate } from '../../governance/gate.ts'
import { versionOf } from '../../store/resources.ts'
import type { Tx } from '../../store/tx.ts'
import type { ToldEvent } from './notification.ts'
import { ourselves } from './ourselves.ts'
import type { SubscriptionEvent } from './records.ts'

/** Events with the ids that the outside knows: a Patient's is not the key that rows go by. */
export async function told(tx: Tx, gate: Gate, events: readonly SubscriptionEvent[]): Promise<ToldEvent[]> {
  const list: ToldEvent[] = []
  for (const event of events) {
    const id = event.type === 'Patient' ? await patientId(tx, gate, event) : event.id
    // expunged since: there is nothing left to tell of
    if (id !== undefined) list.push({ ...event, id })
  }
  return list
}

async function patientId(tx: Tx, gate: Gate, event: SubscriptionEvent): Promise<string | undefined> {
  const row = await versionOf(tx, event.type, event.id, event.version)
  if (!row) return undefined
  const [released] = await gate.release(tx, ourselves, [row])
  return released?.id
}
