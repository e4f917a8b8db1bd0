import type { IndexValue } from '../fhir/search/index-value.ts'
import { normalise } from '../fhir/search/normalise.ts'

/** A text beside codes of one resource, with the parameters that find it there. */
export interface Text {
  /** normalised */
  readonly normal: string
  /** sorted: `code:text`, `combo-code:text` */
  readonly parameters: readonly string[]
}

/**
 * The texts that `:text` asks about, each once. The parameters that find it are part of what it is: one
 * hash in a row stands for all of them.
 */
export function textsOf(values: readonly IndexValue[]): Text[] {
  const found = new Map<string, Set<string>>()
  for (const value of values) {
    if (value.kind !== 'string' || !value.parameter.endsWith(':text')) continue
    const normal = normalise(value.text)
    if (normal !== '') found.set(normal, (found.get(normal) ?? new Set()).add(value.parameter))
  }
  return [...found].map(([normal, parameters]) => ({ normal, parameters: [...parameters].sort() }))
}

/** The beginnings that are kept of each text: of all lengths that people type, and some beyond. */
const lengths: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32]

export function textPrefixes(normal: string): string[] {
  return lengths.filter((length) => length <= normal.length).map((length) => normal.slice(0, length))
}

/** The longest beginning of what is asked that is kept; whether it is all of it. */
export function askedPrefix(normal: string): { readonly prefix: string; readonly exact: boolean } {
  const length = lengths.filter((one) => one <= normal.length).at(-1) ?? 0
  return { prefix: normal.slice(0, length), exact: length === normal.length }
}
