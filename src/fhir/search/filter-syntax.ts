import { FhirError } from '../outcome.ts'
import { tooCostly } from './search-refusal.ts'

/** A `_filter` as a tree, with nothing looked up yet. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | {
      readonly kind: 'compare'
      readonly path: readonly Step[]
      readonly operator: string
      readonly value: string
    }

/** `subject:Patient.name` is one step; each `[…]` ends one. */
export interface Step {
  readonly key: string
  /** holds of what the step leads to */
  readonly filter: Filter | undefined
}

const maxLength = 4000
const maxDepth = 20
const maxComparisons = 50

/**
 * Reads the text of a `_filter`. `and` and `or` bind alike, from left to right, as the section says.
 *
 * @throws FhirError 400: `value` for what is no filter; `too-costly` beyond 4,000 characters, 20 levels or
 *   50 comparisons
 * @see FHIR R4 § Filter Parameter, "Formal grammar for the syntax"
 */
export function parseFilterSyntax(text: string): Filter {
  if (text.length > maxLength) throw tooCostly(`_filter: more than ${maxLength} characters`)
  const reader: Reader = { text, at: 0, depth: 0, comparisons: 0 }
  const filter = readFilter(reader)
  skipSpace(reader)
  if (reader.at < text.length) throw malformed()
  return filter
}

interface Reader {
  readonly text: string
  at: number
  depth: number
  comparisons: number
}

function malformed(): FhirError {
  return FhirError.invalid(
    '_filter: an expression of its grammar expected, as in name co "x" and gender eq male',
    '_filter',
  )
}

/** filter = term (("and" / "or") term)* */
function readFilter(reader: Reader): Filter {
  if (++reader.depth > maxDepth) throw tooCostly(`_filter: more than ${maxDepth} levels`)
  let left = readTerm(reader)
  for (;;) {
    const connective = take(reader, /(and|or)(?=[\s(])/y)
    if (connective !== 'and' && connective !== 'or') break
    const right = readTerm(reader)
    left = { kind: connective, of: left.kind === connective ? [...left.of, right] : [left, right] }
  }
  reader.depth--
  return left
}

/** term = "not" "(" filter ")" / "(" filter ")" / comparison */
function readTerm(reader: Reader): Filter {
  if (take(reader, /not(?=\s*\()/y) !== undefined) return { kind: 'not', of: readGroup(reader, '(', ')') }
  return peek(reader) === '(' ? readGroup(reader, '(', ')') : readComparison(reader)
}

function readGroup(reader: Reader, open: string, close: string): Filter {
  if (peek(reader) !== open) throw malformed()
  reader.at++
  const filter = readFilter(reader)
  if (peek(reader) !== close) throw malformed()
  reader.at++
  return filter
}

function readComparison(reader: Reader): Filter {
  if (++reader.comparisons > maxComparisons)
    throw tooCostly(`_filter: more than ${maxComparisons} comparisons`)
  const path = readPath(reader)
  const operator = take(reader, /[a-z]{2}(?=\s)/y)
  if (operator === undefined) throw malformed()
  return { kind: 'compare', path, operator, value: readValue(reader) }
}

/** `code`, `subject:Patient.name`, `subject[active eq true].name` */
function readPath(reader: Reader): readonly Step[] {
  const path: Step[] = []
  do {
    const key = take(reader, /[A-Za-z_][\w:.-]*/y)
    if (key === undefined || key.endsWith('.')) throw malformed()
    // no space may come before the bracket: it would be another comparison's
    const filter = reader.text[reader.at] === '[' ? readGroup(reader, '[', ']') : undefined
    path.push({ key, filter })
  } while (accept(reader, '.'))
  return path
}

/** A JSON string, or a token: anything without white space, `)` and `]` */
function readValue(reader: Reader): string {
  if (peek(reader) !== '"') {
    const token = take(reader, /[^\s)\]]+/y)
    if (token === undefined) throw malformed()
    return token
  }
  const literal = take(reader, /"(?:[^"\\]|\\.)*"/y)
  if (literal === undefined) throw malformed()
  const value = unquoted(literal)
  // a lone surrogate is no character: on its way to the database it would become another
  if (!value.isWellFormed()) throw malformed()
  return value
}

function unquoted(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch {
    throw malformed()
  }
}

/** Without white space before it. */
function accept(reader: Reader, character: string): boolean {
  const found = reader.text[reader.at] === character
  if (found) reader.at++
  return found
}

function peek(reader: Reader): string | undefined {
  skipSpace(reader)
  return reader.text[reader.at]
}

/** What a sticky pattern finds after white space; undefined, and nothing is taken, when it is not there. */
function take(reader: Reader, pattern: RegExp): string | undefined {
  skipSpace(reader)
  pattern.lastIndex = reader.at
  const [found] = pattern.exec(reader.text) ?? []
  if (found !== undefined) reader.at += found.length
  return found
}

function skipSpace(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at++
}
