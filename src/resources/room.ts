import type { JsonObject } from '../fhir/json.ts'
import { diagnosticReport } from './diagnostic-report.ts'
import { imagingStudy } from './imaging-study.ts'
import { observation } from './observation.ts'
import { patient } from './patient.ts'

/**
 * What is special to one resource type. The engine serves every type alike and asks the type's room
 * where types differ; a type without a room has nothing special.
 */
export interface Room {
  readonly type: string
  /** the search parameter whose interval is kept in columns and may be sorted by at index speed */
  readonly mainDate?: string
  /** the quantity parameter whose value is kept in columns */
  readonly mainQuantity?: string
  /** elements sealed although their datatype alone would not tell, with what stays in their place */
  readonly sealed?: Readonly<Record<string, Coarsening>>
}

/** What remains at rest in clear of a sealed element; `undefined`: nothing. */
export type Coarsening = (value: unknown) => string | number | JsonObject | JsonObject[] | undefined

const rooms: ReadonlyMap<string, Room> = new Map(
  [patient, observation, imagingStudy, diagnosticReport].map((room) => [room.type, room]),
)

export function roomFor(type: string): Room {
  return rooms.get(type) ?? { type }
}
