import { componentParameters } from './composite.ts'
import { isResourceType, type SearchParameter } from '../definitions.ts'
import { canLeadTo, dataTypes } from './extract.ts'
import { hierarchicalTargets } from './hierarchy.ts'
import { FhirError } from '../outcome.ts'
import { parseSearchValue, type SearchContext } from './parse-search-value.ts'
import { sounds } from './phonetic.ts'
import type { CompositeCriterion, Criterion, SearchValue, ValueCriterion } from './query.ts'
import { splitUnescaped, unescapeValue } from './search-escape.ts'
import { notSupported, tooCostly } from './search-refusal.ts'

const maxValues = 500

/**
 * Reads the values of one parameter, which are ORed.
 *
 * @param modifier as written, a resource type included
 * @throws FhirError 400: `not-supported` for a modifier that the parameter does not have, `value` for a
 *   value that cannot be read, `too-costly` beyond 500 values
 * @see FHIR R4 § Search, "Modifiers", "composite"
 */
export function parseValues(
  type: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  text: string,
  context: SearchContext,
): Criterion {
  demandModifier(type, parameter, modifier)
  const parts = splitUnescaped(text, ',')
  if (parts.length > maxValues) throw tooCostly(`${parameter.code}: more than ${maxValues} values`)
  const asked = { type, parameter, modifier }
  const read = (part: string) => parseSearchValue(part, asked, context)
  if (parameter.type === 'composite') {
    return modifier === 'missing'
      ? { kind: 'composite', parameter, modifier, values: parts.map((part) => [read(part)]) }
      : parseComposite(type, parameter, parts, context)
  }
  if (parameter.code === 'phonetic' && modifier === undefined) return parseSounds(parameter, parts)
  return { kind: 'value', parameter, modifier: criterionModifier(modifier), values: parts.map(read) }
}

/** `8480-6$gt140`: a value for each component, in their order. */
function parseComposite(
  type: string,
  parameter: SearchParameter,
  parts: readonly string[],
  context: SearchContext,
): CompositeCriterion {
  const components = componentParameters(type, parameter)
  const values = parts.map((part) => {
    const given = splitUnescaped(part, '$')
    if (given.length !== components.length) {
      throw FhirError.invalid(
        `${parameter.code}: ${components.length} values expected, with $ between`,
        parameter.code,
      )
    }
    return components.map((component, at) =>
      parseSearchValue(given[at] ?? '', { type, parameter: component, modifier: undefined }, context),
    )
  })
  return { kind: 'composite', parameter, modifier: undefined, values }
}

/** A name sounds like another when each of its words does. */
function parseSounds(parameter: SearchParameter, parts: readonly string[]): Criterion {
  const each = parts.map((part) => {
    const found = sounds(unescapeValue(part))
    if (found.length === 0)
      throw FhirError.invalid(`${parameter.code}: a letter or digit expected`, parameter.code)
    return found.map((text): SearchValue => ({ kind: 'string', text }))
  })
  const exact = (values: readonly SearchValue[]): ValueCriterion => ({
    ...{ kind: 'value', parameter, modifier: 'exact', values },
  })
  if (each.every((words) => words.length === 1)) return exact(each.flat())
  const all = each.map((words): Criterion => ({ kind: 'all', of: words.map((word) => exact([word])) }))
  return all.length === 1 && all[0] ? all[0] : { kind: 'any', of: all }
}

/** Modifiers by type of parameter, beside `missing`, which all have. @see FHIR R4 § Search, "Modifiers" */
const modifiers: Readonly<Record<string, readonly string[]>> = {
  token: ['not', 'text', 'in', 'not-in', 'above', 'below', 'of-type'],
  string: ['exact', 'contains'],
  reference: ['identifier', 'above', 'below'],
  uri: ['above', 'below'],
}

/** Modifiers that ask for what only some data types have. */
const demands: Readonly<Record<string, readonly string[]>> = {
  text: ['CodeableConcept', 'Coding', 'Identifier'],
  in: ['CodeableConcept', 'Coding', 'code'],
  'not-in': ['CodeableConcept', 'Coding', 'code'],
  'of-type': ['Identifier'],
}

function demandModifier(type: string, parameter: SearchParameter, modifier: string | undefined): void {
  const { code, type: kind } = parameter
  if (modifier === undefined || modifier === 'missing') return
  if (code !== 'phonetic' && modifiers[kind]?.includes(modifier) && hasMeaning(type, parameter, modifier))
    return
  if (kind === 'reference' && isResourceType(modifier) && canLeadTo(type, code, modifier)) return
  throw notSupported(code, 'a modifier that is not supported')
}

/** Whether a modifier that is known for the type of parameter says something of what this one reads. */
function hasMeaning(type: string, { code, type: kind }: SearchParameter, modifier: string): boolean {
  if (kind === 'reference') return modifier === 'identifier' || hierarchicalTargets(type, code).length > 0
  const isAlong = kind === 'token' && /^(above|below)$/.test(modifier)
  const demanded = demands[isAlong ? 'in' : modifier]
  return !demanded || demanded.some((one) => dataTypes(type, code).includes(one))
}

/** A type goes into the values, and so does what else they tell by themselves; the rest says how to compare. */
function criterionModifier(modifier: string | undefined): ValueCriterion['modifier'] {
  switch (modifier) {
    case 'missing':
    case 'not':
    case 'exact':
    case 'contains':
    case 'identifier':
    case 'text':
      return modifier
    case 'not-in':
      return 'not'
    default:
      return undefined
  }
}
