import type { Spend } from './budget.ts'
import { isNumber, isObject, type Json } from '../json.ts'
import { lineage, type CodeSystem, type Concept } from './code-system.ts'
import { compileRegex } from './regex.ts'

/** `ValueSet.compose.include.filter` */
export interface Filter {
  readonly property: string
  readonly op: string
  readonly value: string
}

export type Accepts = (concept: Concept) => boolean

/**
 * The concepts of a CodeSystem that a filter lets through.
 *
 * @returns undefined for what cannot be evaluated: an operator that is not of R4, a property that the
 *   CodeSystem does not have, an ancestor that is none of its concepts, a hierarchy that is no subsumption
 * @throws FhirError 422 `too-costly`, also when a concept is judged
 * @see http://hl7.org/fhir/filter-operator
 */
export function filterOf(
  system: CodeSystem,
  { property, op, value }: Filter,
  spend: Spend,
): Accepts | undefined {
  const valuesOf = reader(system, property)
  if (valuesOf === undefined) return undefined
  switch (op) {
    case '=':
      return (concept) => valuesOf(concept).includes(value)
    case 'in':
      return inList(valuesOf, value)
    case 'not-in':
      return not(inList(valuesOf, value))
    case 'exists':
      return exists(valuesOf, value)
    case 'regex':
      return regex(valuesOf, value, spend)
    default:
      return isConcept(property) ? bySubsumption(system, op, value, spend) : undefined
  }
}

type ValuesOf = (concept: Concept) => readonly string[]

/** `concept` and `code` are the code itself. @see CodeSystem, "Defined Properties" */
function isConcept(property: string): boolean {
  return property === 'concept' || property === 'code'
}

function reader(system: CodeSystem, property: string): ValuesOf | undefined {
  if (isConcept(property)) return ({ code }) => [code]
  if (property === 'display') return ({ display }) => (display === undefined ? [] : [display])
  if (property === 'parent') return ({ parents }) => [...parents]
  if (property === 'child') return ({ children }) => [...children]
  if (!system.properties.has(property)) return undefined
  return (concept) =>
    concept.property.filter(({ code }) => code === property).flatMap(({ value }) => textOf(value))
}

/** A Coding is compared by its code, all others as they are written. */
function textOf(value: Json): string[] {
  if (isObject(value)) return typeof value['code'] === 'string' ? [value['code']] : []
  return typeof value === 'string' || typeof value === 'boolean' || isNumber(value) ? [String(value)] : []
}

/** "A comma separated list." */
function inList(valuesOf: ValuesOf, list: string): Accepts {
  const values = new Set(list.split(',').map((one) => one.trim()))
  return (concept) => valuesOf(concept).some((one) => values.has(one))
}

function exists(valuesOf: ValuesOf, value: string): Accepts | undefined {
  if (value !== 'true' && value !== 'false') return undefined
  return (concept) => valuesOf(concept).length > 0 === (value === 'true')
}

function regex(valuesOf: ValuesOf, source: string, spend: Spend): Accepts | undefined {
  const compiled = compileRegex(source)
  if (!compiled) return undefined
  return (concept) =>
    valuesOf(concept).some((text) => {
      spend((compiled.states * text.length) / 8) // most states are never reached
      return compiled.fits(text)
    })
}

function not(accepts: Accepts): Accepts {
  return (concept) => !accepts(concept)
}

function bySubsumption(system: CodeSystem, op: string, value: string, spend: Spend): Accepts | undefined {
  const root = system.concept(value)?.code
  if (root === undefined || !system.isSubsumption) return undefined
  const among = (direction: 'above' | 'below'): Accepts => {
    const codes = lineage(system, root, direction)
    spend(codes.size)
    return ({ code }) => codes.has(code)
  }
  switch (op) {
    case 'is-a':
      return among('below')
    case 'is-not-a':
      return not(among('below'))
    case 'generalizes':
      return among('above')
    case 'descendent-of': {
      const below = among('below')
      return (concept) => concept.code !== root && below(concept)
    }
    default:
      return undefined
  }
}
