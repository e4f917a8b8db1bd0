import type { Gender } from './names.ts'
import type { ServiceCode } from './hospital.ts'
import type { PanelName } from './analytes.ts'
import type { ExaminationName } from './examinations.ts'

/** An event that brings someone to the hospital: when in life, when in the year, and what is done then. */
export interface Illness {
  /** CIM-10 */
  readonly code: string
  readonly display: string
  /** what is written at the desk */
  readonly reason: string
  readonly service: ServiceCode
  readonly ages: readonly [youngest: number, oldest: number]
  readonly gender?: Gender
  readonly weight: number
  /** month of the top of the season, 1 to 12; undefined: all the year */
  readonly peakMonth?: number
  /** chance to stay in hospital after the emergency ward; 0: never, goes home */
  readonly admission: number
  /** length of the stay in days */
  readonly stay: readonly [shortest: number, longest: number]
  readonly panels: readonly PanelName[]
  readonly examinations: readonly ExaminationName[]
  /** CRP in mg/L at the worst */
  readonly crp: number
  readonly fever: boolean
  /** chance that the stay ends with death, at 80 years */
  readonly lethality: number
}

/** By distance in months from the top of the season; the twelve months of a year sum to 12. Our choice, not a statistic. */
const byDistance = [3, 2.25, 1.15, 0.6, 0.3, 0.15, 0.1]

/**
 * How much more (or less) common an illness is in a month: 1 on average over the year.
 *
 * @param month 1 to 12
 */
export function season({ peakMonth }: Illness, month: number): number {
  if (peakMonth === undefined) return 1
  const distance = Math.abs(month - peakMonth)
  return byDistance[Math.min(distance, 12 - distance)] ?? 0
}
