import { normalise } from '../fhir/search/normalise.ts'
import type { ValueCriterion } from '../fhir/search/query.ts'

/** Longer beginnings are found by their first 32 letters, and judged. */
const longestPrefix = 32
/** What is longer may contain anything: it is always judged. */
const longestContained = 1024
const mayContain = '~'

/** The forms that a string can be asked by. */
export function stringForms(text: string): string[] {
  const normal = normalise(text)
  return [...prefixes(normal).map((prefix) => `^${prefix}`), `=${text}`, ...containedForms(normal)]
}

function prefixes(normal: string): string[] {
  return Array.from({ length: Math.min(normal.length, longestPrefix) }, (_, at) => normal.slice(0, at + 1))
}

function containedForms(normal: string): string[] {
  return normal.length > longestContained ? [mayContain] : [...new Set(trigrams(normal))]
}

function trigrams(normal: string): string[] {
  return Array.from({ length: Math.max(0, normal.length - 2) }, (_, at) => `~${normal.slice(at, at + 3)}`)
}

/** Forms to look for: alternatives, each a list of forms that must all be there. */
export interface Asked {
  readonly anyOf: readonly (readonly string[])[]
  /** false: what is found may be no match, and must be judged by its text; nothing else matches */
  readonly exact: boolean
}

/** The forms of one asked string; `+` is the form of any value. */
export function stringAsked(text: string, modifier: ValueCriterion['modifier']): Asked {
  if (modifier === 'exact') return { anyOf: [[`=${text}`]], exact: true }
  const normal = normalise(text)
  if (modifier !== 'contains') {
    return { anyOf: [[`^${normal.slice(0, longestPrefix)}`]], exact: normal.length <= longestPrefix }
  }
  if (normal.length < 3) return { anyOf: [['+']], exact: false }
  return { anyOf: [[...new Set(trigrams(normal))].slice(0, maxTrigrams), [mayContain]], exact: false }
}

/** So many are enough to tell texts apart before they are judged. */
const maxTrigrams = 64
