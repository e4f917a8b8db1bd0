import type { AuditedAccess } from '../../src/audit/audited-access.ts'
import { eventMac, headerMac, noMac, printTails, type Tail } from '../../src/audit/chain.ts'
import type { EventRow, HeaderRow } from '../../src/audit/rows.ts'
import { TrailCheck, type Verification } from '../../src/audit/verify.ts'

export const key = Buffer.alloc(32, 7)
export const publicUrl = 'https://coffre.example'
export const patient = '0190a5c0-5d5e-7000-8000-000000000001'

export const caller = { clientId: 'ehr', userId: 'dr-lune', tokenId: 'token-1', ip: '192.0.2.1' }
export const careAccess = {
  kind: 'care' as const,
  caller,
  scopes: [],
  patient: undefined,
  grants: new Set<string>(),
}

/** A successful read of one Observation, but for what is said otherwise. */
export function audited(changes: Partial<AuditedAccess> = {}): AuditedAccess {
  return {
    action: 'R',
    interaction: 'read',
    outcome: 'success',
    access: careAccess,
    base: '/fhir',
    type: 'Observation',
    entities: [{ type: 'Observation', id: 'glucose-1', version: 2 }],
    patients: [patient],
    at: new Date('2026-03-01T10:00:00.123Z'),
    ...changes,
  }
}

/** A trail in memory. */
export interface MemoryTrail {
  readonly headers: readonly HeaderRow[]
  readonly events: readonly EventRow[]
  readonly anchors: ReadonlyMap<string, Tail>
}

/** A true trail: one chain for each length, each witnessing the tails of those before. */
export function trailOf(lengths: readonly number[]): MemoryTrail {
  const headers: HeaderRow[] = []
  const events: EventRow[] = []
  const tails: Tail[] = []
  for (const [index, length] of lengths.entries()) {
    const chain = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    const startedAt = new Date(Date.UTC(2026, 0, 1 + index))
    const witnessed = printTails(tails.filter((tail) => tail.sequence > 0))
    const header = { chain, ordinal: index + 1, startedAt, witnessed }
    headers.push({ ...header, mac: headerMac(key, header, headers.at(-1)?.mac ?? noMac) })
    const chained = eventsOf(chain, length, startedAt)
    events.push(...chained)
    tails.push(chained.at(-1) ?? { chain, sequence: 0, mac: noMac })
  }
  return { headers, events, anchors: new Map(tails.map((tail) => [`${tail.chain}.anchor`, tail])) }
}

function eventsOf(chain: string, length: number, from: Date): EventRow[] {
  const events: EventRow[] = []
  for (let sequence = 1; sequence <= length; sequence++) {
    const recordedAt = new Date(from.getTime() + sequence)
    const event = { chain, sequence, recordedAt, body: `{"n":${sequence}}` }
    events.push({ ...event, mac: eventMac(key, event, events.at(-1)?.mac ?? noMac) })
  }
  return events
}

/** In the order in which the database gives the rows. */
export function check({ headers, events, anchors }: MemoryTrail): Verification {
  const checked = new TrailCheck(
    key,
    [...headers].sort((left, right) => left.ordinal - right.ordinal),
    anchors,
  )
  const sorted = [...events].sort(
    (left, right) => left.chain.localeCompare(right.chain) || left.sequence - right.sequence,
  )
  for (const event of sorted) checked.event(event)
  return checked.end()
}
