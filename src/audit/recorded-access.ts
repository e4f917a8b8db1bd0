import type { AuditEvent } from 'fhir/r4.js'
import type { ReportedEvent } from './rows.ts'

/** Where an access stands in the order of a report. */
export type RecordedPlace = Pick<ReportedEvent, 'recordedAt' | 'chain' | 'sequence'>

/** An access as the trail kept it: what `auditEvent` wrote, read back. */
export interface RecordedAccess extends RecordedPlace {
  /** as `AuditedAccess` names it */
  readonly interaction: string
  readonly clientId: string
  /** the person, where one asked */
  readonly userId: string | undefined
  readonly permit: string | undefined
  /** resource types that were touched, and how many of each; of all patients that the access was about */
  readonly types: ReadonlyMap<string, number>
  /** how many patients it was about */
  readonly patients: number
  readonly detail: Readonly<Record<string, string>>
}

/** @returns undefined for an access that was refused or failed: it showed nothing */
export function recordedAccess({ body, ...place }: ReportedEvent): RecordedAccess | undefined {
  const event = JSON.parse(body) as AuditEvent
  if (event.outcome !== success) return undefined
  const [client, , person] = event.agent
  const entities = event.entity ?? []
  const isPatient = (entity: (typeof entities)[number]) => entity.role?.code === patientRole
  const types = new Map<string, number>()
  for (const { what } of entities.filter((entity) => !isPatient(entity))) {
    const [type] = what?.reference?.split('/') ?? []
    if (type !== undefined) types.set(type, (types.get(type) ?? 0) + 1)
  }
  return {
    ...place,
    interaction: event.subtype?.at(-1)?.code ?? '',
    clientId: client?.who?.identifier?.value ?? '',
    userId: person?.who?.identifier?.value,
    permit: entities.find(({ type }) => type?.code === 'ResearchStudy')?.what?.identifier?.value,
    types,
    patients: entities.filter(isPatient).length,
    detail: Object.fromEntries(
      entities.flatMap(({ detail = [] }) => detail.map((one) => [one.type, one.valueString ?? ''])),
    ),
  }
}

/** @see http://hl7.org/fhir/audit-event-outcome */
const success = '0'
/** @see http://terminology.hl7.org/CodeSystem/object-role */
const patientRole = '1'

/** Whether one comes after another in a report, which begins with the newest. */
export function comesAfter(one: RecordedPlace, other: RecordedPlace): boolean {
  const difference =
    one.recordedAt.getTime() - other.recordedAt.getTime() ||
    (one.chain === other.chain ? one.sequence - other.sequence : one.chain < other.chain ? -1 : 1)
  return difference < 0
}

/** Two runs of events, each newest first, as one. */
export async function* merged(
  ...runs: readonly [AsyncIterable<ReportedEvent>, AsyncIterable<ReportedEvent>]
): AsyncIterable<ReportedEvent> {
  const [one, other] = [runs[0][Symbol.asyncIterator](), runs[1][Symbol.asyncIterator]()]
  let [left, right] = [await one.next(), await other.next()]
  while (!left.done || !right.done) {
    if (right.done || (!left.done && comesAfter(right.value, left.value))) {
      yield left.value as ReportedEvent
      left = await one.next()
    } else {
      yield right.value
      right = await other.next()
    }
  }
}
