import { swapped } from './birth-date.ts'
import { coreOf, wordsOf } from './names.ts'
import type { Traits } from './traits.ts'

/**
 * What somebody must have in common with another to be compared: a number, a birth date (with day and
 * month in either order), or a family and a given name that sound alike, in either element.
 */
export interface Blocks {
  /** `system|matricule` */
  readonly ins: readonly string[]
  readonly days: readonly string[]
  /** a word of a family name and one of the first given name, in normal form */
  readonly names: readonly (readonly [family: string, given: string])[]
}

/** The blocks a person lies in: at most two days, and names by the words of all family names. */
export function blocksOf({ ins, birthDate, families, givens }: Traits): Blocks {
  const [given] = wordsOf(givens[0] ?? '')
  const words = [...new Set(families.flatMap(coreOf))]
  return {
    ins,
    days: birthDate === undefined ? [] : daysOf(birthDate),
    names: given === undefined ? [] : words.map((family) => [family, given] as const),
  }
}

/** None for 1 January: it stands for days that nobody knows, and too many have it. */
function daysOf(date: string): string[] {
  if (date.length < 10 || date.endsWith('-01-01')) return []
  const other = swapped(date)
  return other !== date && exists(other) ? [date, other] : [date]
}

function exists(date: string): boolean {
  return new Date(`${date}T00:00Z`).toJSON()?.startsWith(date) ?? false
}
