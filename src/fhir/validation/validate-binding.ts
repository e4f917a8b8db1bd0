import type { PropertyDefinition } from '../definitions.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { codeSyntax, expansion, type Expansion } from '../terminology/terminology.ts'

/**
 * The check of a required binding: whether a value is a concept of the ValueSet. Where the packages
 * cannot list the ValueSet, its codes' syntax is checked; where that is not known either, all pass.
 *
 * @returns undefined when the element has no required binding
 * @see FHIR R4 § Terminologies, "Binding Strengths": required
 */
export function bindingCheck(property: PropertyDefinition): ((value: Json) => boolean) | undefined {
  if (property.binding?.strength !== 'required') return undefined
  const has = hasConcept[property.type]
  if (has === undefined) return undefined
  const { valueSet } = property.binding
  // the expansion is made when the first value comes, so that loading a type stays cheap
  let check: ((value: Json) => boolean) | undefined
  return (value) => {
    check ??= checkFor(valueSet, has)
    return check(value)
  }
}

/** What is said of a value that breaks the binding: the ValueSet's name, not the value. */
export function bindingRule(property: PropertyDefinition): string {
  const url = property.binding?.valueSet ?? ''
  return `a code of the ValueSet ${url.slice(url.lastIndexOf('/') + 1)} expected (required binding)`
}

function checkFor(valueSet: string, has: HasConcept): (value: Json) => boolean {
  const concepts = expansion(valueSet)
  if (concepts) return (value) => has(value, concepts)
  const syntax = codeSyntax(valueSet)
  return syntax ? (value) => typeof value !== 'string' || syntax.test(value) : () => true
}

type HasConcept = (value: Json, concepts: Expansion) => boolean

/** By type of the bound element: only these are bindable in R4. */
const hasConcept: Readonly<Record<string, HasConcept>> = {
  code: isCodeOf,
  uri: isCodeOf,
  string: isCodeOf,
  Coding: isCodingOf,
  Quantity: isCodingOf,
  CodeableConcept: isConceptOf,
}

function isCodeOf(value: Json, concepts: Expansion): boolean {
  return typeof value === 'string' && concepts.codes.has(value)
}

function isCodingOf(value: Json, concepts: Expansion): boolean {
  if (!isObject(value)) return false
  return typeof value.code === 'string' && concepts.has(text(value, 'system'), value.code)
}

/** "One of the coding values SHALL be from the value set"; an extension may say why there is none. */
function isConceptOf(value: Json, concepts: Expansion): boolean {
  if (!isObject(value)) return false
  const { coding, extension } = value
  if (Array.isArray(coding)) return coding.some((one) => isCodingOf(one, concepts))
  return extension !== undefined
}

function text(object: JsonObject, member: string): string | undefined {
  const value = object[member]
  return typeof value === 'string' ? value : undefined
}
