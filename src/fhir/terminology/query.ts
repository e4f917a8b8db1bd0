import { leavesOf } from '../search/criteria.ts'
import { isCaseSensitive } from '../search/extract.ts'
import { hierarchiesIn } from '../search/hierarchy.ts'
import { foldCode } from '../search/normalise.ts'
import { FhirError, issue } from '../outcome.ts'
import type { Criterion, Query, SearchValue, ValueCriterion } from '../search/query.ts'
import { lineage, type CodeSystem, type Concept } from './code-system.ts'
import type { Needed } from './compose.ts'
import { isGap, membersOf } from './content.ts'
import type { Terminology } from './terminology.ts'

/** The most codes that a criterion may stand for. */
export const maxTokens = 10_000

/** What `:in`, `:not-in`, `:above` and `:below` on tokens name, nested searches included; mostly `[]`. */
export function terminologyNeeds(query: Query): Needed[] {
  return leavesOf(query).flatMap(({ criterion }) =>
    criterion.kind === 'value' ? criterion.values.flatMap(needOf) : [],
  )
}

function needOf(value: SearchValue): Needed[] {
  if (value.kind === 'value-set') return [{ type: 'ValueSet', canonical: value.valueSet }]
  return value.kind === 'concept' ? [{ type: 'CodeSystem', canonical: value.system }] : []
}

/** @throws FhirError 400 `not-supported` for a query that needs more than itself, where nothing may be looked up */
export function demandNoTerminology(query: Query): void {
  if (terminologyNeeds(query).length > 0 || hierarchiesIn(query).length > 0) {
    throw FhirError.notSupported(
      ':in, :not-in, :above and :below on tokens and references: not supported here',
    )
  }
}

/**
 * A query with plain tokens where it named value sets and parts of a hierarchy. An empty value set
 * matches nothing; what it excludes is everything.
 *
 * @throws FhirError 400: `not-found` for what is not held, `not-supported` for what cannot be listed,
 *   `too-costly` beyond 10,000 codes
 * @see FHIR R4 § Search, "Modifiers": `above`, `below`, `in`, `not-in`
 */
export function withTokens(query: Query, terminology: Terminology): Query {
  return { ...query, criteria: query.criteria.map((one) => resolved(query.type, one, terminology)) }
}

function resolved(type: string, criterion: Criterion, terminology: Terminology): Criterion {
  switch (criterion.kind) {
    case 'value':
      return resolvedValues(type, criterion, terminology)
    case 'chain':
      return { ...criterion, target: withTokens(criterion.target, terminology) }
    case 'has':
      return { ...criterion, source: withTokens(criterion.source, terminology) }
    case 'any':
    case 'all':
      return { ...criterion, of: criterion.of.map((one) => resolved(type, one, terminology)) }
    case 'not':
      return { ...criterion, of: resolved(type, criterion.of, terminology) }
    case 'composite':
      return criterion
  }
}

function resolvedValues(type: string, criterion: ValueCriterion, terminology: Terminology): ValueCriterion {
  if (criterion.values.every((value) => needOf(value).length === 0)) return criterion
  const { code } = criterion.parameter
  const form = isCaseSensitive(type, code) ? (text: string) => text : foldCode
  const values = new Map<string, SearchValue>()
  for (const value of criterion.values) {
    for (const [system, one] of codesOf(value, code, terminology)) {
      values.set(`${system}|${form(one)}`, { kind: 'token', system, code: form(one) })
    }
  }
  if (values.size > maxTokens) {
    throw new FhirError(400, [issue('too-costly', `${code}: more than ${maxTokens} codes`, code)])
  }
  return { ...criterion, values: [...values.values()] }
}

type SystemAndCode = readonly [system: string, code: string]

function codesOf(value: SearchValue, parameter: string, terminology: Terminology): SystemAndCode[] {
  if (value.kind === 'value-set') return codesInValueSet(value.valueSet, parameter, terminology)
  if (value.kind === 'concept') return codesInLineage(value, parameter, terminology)
  throw new TypeError('values of one modifier are of one kind')
}

function codesInValueSet(canonical: string, parameter: string, terminology: Terminology): SystemAndCode[] {
  const valueSet = terminology.valueSet(canonical)
  if (!valueSet) throw notFound(parameter, 'a value set that is not held')
  const list = terminology.content(valueSet).list()
  if (isGap(list)) throw FhirError.notSupported(`${parameter}: a value set that cannot be listed: ${list}`)
  return membersOf(list).map(({ system, code }) => [system, code])
}

function codesInLineage(
  { system: url, code, direction }: SearchValue & { kind: 'concept' },
  parameter: string,
  terminology: Terminology,
): SystemAndCode[] {
  const system = terminology.codeSystem(url)
  if (!system) throw notFound(parameter, 'a code system that is not held')
  if (!system.isComplete) {
    throw FhirError.notSupported(`${parameter}: a code system that is not held as a whole`)
  }
  const concept = system.concept(code) ?? withoutCase(system, code)
  if (!concept) throw notFound(parameter, 'a code that its code system does not have')
  return [...lineage(system, concept.code, direction)].map((one) => [url, one])
}

/** A search is asked in the form of the index, which for most codes is lower case. */
function withoutCase({ concepts }: CodeSystem, code: string): Concept | undefined {
  const alike = [...concepts.values()].filter((concept) => foldCode(concept.code) === foldCode(code))
  return alike.length === 1 ? alike[0] : undefined
}

function notFound(parameter: string, what: string): FhirError {
  return new FhirError(400, [issue('not-found', `${parameter}: ${what}`, parameter)])
}
