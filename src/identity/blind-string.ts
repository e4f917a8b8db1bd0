import { normalise } from '../fhir/search/normalise.ts'
import type { ValueCriterion } from '../fhir/search/query.ts'

/**
 * The beginnings that are kept of a string. None of one or two letters, which would tell rows apart by what
 * everybody knows of a language; then all that people type, then what tells long ones apart. What is asked
 * with another length is found by the next shorter one, and judged.
 */
const lengths: readonly number[] = [3, 4, 5, 6, 7, 8, 12, 16, 24, 32]
/** What is longer may contain anything: it is always judged. */
const longestContained = 1024
const anythingInside = '*'

/** What `:contains` looks for: three letters in a row, of which the index keeps few bits. */
export const trigramMark = '~'

/**
 * The forms that a string can be asked by.
 *
 * @param contained whether `:contains` looks for it in this field, see `containedIn`
 */
export function stringForms(text: string, contained: boolean): string[] {
  const normal = normalise(text)
  return [...prefixes(normal), `=${text}`, ...(contained ? containedForms(normal) : [])]
}

function prefixes(normal: string): string[] {
  return lengths.filter((length) => length <= normal.length).map((length) => `^${normal.slice(0, length)}`)
}

function containedForms(normal: string): string[] {
  return normal.length > longestContained ? [anythingInside] : [...new Set(trigrams(normal))]
}

function trigrams(normal: string): string[] {
  return Array.from(
    { length: Math.max(0, normal.length - 2) },
    (_, at) => `${trigramMark}${normal.slice(at, at + 3)}`,
  )
}

/** Forms to look for: alternatives, each a list of forms that must all be there. */
export interface Asked {
  readonly anyOf: readonly (readonly string[])[]
  /** false: what is found may be no match, and must be judged by its text; nothing else matches */
  readonly exact: boolean
}

/** The form of any value of a field. */
export const present = '+'

/** The forms of one asked string. */
export function stringAsked(text: string, modifier: ValueCriterion['modifier']): Asked {
  if (modifier === 'exact') return { anyOf: [[`=${text}`]], exact: true }
  const normal = normalise(text)
  if (modifier === 'contains') return containedAsked(normal)
  const kept = lengths.filter((length) => length <= normal.length).at(-1)
  if (kept === undefined) return { anyOf: [[present]], exact: false }
  return { anyOf: [[`^${normal.slice(0, kept)}`]], exact: kept === normal.length }
}

function containedAsked(normal: string): Asked {
  if (normal.length < 3) return { anyOf: [[present]], exact: false }
  return { anyOf: [[...new Set(trigrams(normal))].slice(0, maxTrigrams), [anythingInside]], exact: false }
}

/** So many are enough to tell texts apart before they are judged. */
const maxTrigrams = 64

/**
 * The field in which `:contains` looks for the strings of a parameter: the one that has them all. Each
 * string is then laid down for it once, and what is found is judged by the parameter that was asked.
 */
export function containedIn(type: string, parameter: string): string {
  return widest[type]?.[parameter] ?? parameter
}

const partsOfAddress = {
  'address-city': 'address',
  'address-country': 'address',
  'address-postalcode': 'address',
  'address-state': 'address',
}
const partsOfName = { family: 'name', given: 'name' }

const widest: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Patient: { ...partsOfName, ...partsOfAddress },
  Practitioner: { ...partsOfName, ...partsOfAddress },
  Person: partsOfAddress,
  RelatedPerson: partsOfAddress,
}
