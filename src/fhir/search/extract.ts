import { converter } from './converters.ts'
import { compileComposite, type Rule } from './composite.ts'
import type { Extraction } from './convert.ts'
import {
  onSearchParametersChange,
  resourceTypes,
  searchParameters,
  type SearchParameter,
} from '../definitions.ts'
import { compileExpression, UnsupportedExpression, type Selection } from './expression.ts'
import type { IndexValue } from './index-value.ts'
import type { Resource } from '../json.ts'

export interface ExtractOptions {
  /** IANA name of the zone in which dates without an offset are read */
  readonly zone: string
  /** our FHIR base URL, without trailing slash: absolute references under it are local */
  readonly base?: string
}

/**
 * What all search parameters find in a resource.
 *
 * @throws FhirError `value` when a date in it is none; validation comes before extraction
 * @see FHIR R4 § Search, "Search Parameter Types"
 */
export function extract(resource: Resource, options: ExtractOptions): IndexValue[] {
  const extraction = { zone: options.zone, base: options.base, resource, found: [] }
  for (const rule of compiled(resource.resourceType).all) apply(rule, resource, extraction)
  return extraction.found
}

/** What one search parameter finds in a resource; `[]` also when its type has no such parameter. */
export function extractParameter(resource: Resource, code: string, options: ExtractOptions): IndexValue[] {
  const extraction = { zone: options.zone, base: options.base, resource, found: [] }
  for (const rule of compiled(resource.resourceType).byCode.get(code) ?? []) apply(rule, resource, extraction)
  return extraction.found
}

/** Whether searches by this parameter can be answered. */
export function isSupported(type: string, code: string): boolean {
  return compiled(type).byCode.has(code)
}

/**
 * Whether the codes of a token parameter are told apart by case: "Identifier.value SHALL be treated as
 * case sensitive", and so are ids and URIs. All others are indexed in lower case, and must be asked so.
 *
 * @see foldCode
 */
export function isCaseSensitive(type: string, code: string): boolean {
  return compiled(type).caseSensitive.has(code)
}

/**
 * The types that a reference parameter can lead to from this type. `patient` is defined for Patient and
 * Group together; an Observation's leads to a Patient alone.
 *
 * @returns `[]` when any type is possible, or the parameter is not one of references
 */
export function referenceTargets(type: string, code: string): readonly string[] {
  return compiled(type).targets.get(code) ?? []
}

/** Whether a reference parameter of a type can lead to resources of another. */
export function canLeadTo(type: string, code: string, target: string): boolean {
  const targets = referenceTargets(type, code)
  return targets.length === 0 || targets.includes(target)
}

/**
 * The data types that a search parameter reads on this type: `CodeableConcept`, `Identifier`, `canonical`, …
 *
 * @returns `[]` for composites and for what is not supported
 */
export function dataTypes(type: string, code: string): readonly string[] {
  return compiled(type).dataTypes.get(code) ?? []
}

/**
 * Whether a parameter finds one value at most in a resource of this type: `status`, `birthdate`,
 * `Observation.value-quantity`; not the codings of a CodeableConcept, nor the words of a name.
 */
export function isSingle(type: string, code: string): boolean {
  return compiled(type).singles.has(code)
}

/** The search parameters that nothing is extracted for. A search that names one must be refused. */
export function unsupportedParameters(): readonly Unsupported[] {
  return resourceTypes.flatMap((type) => compiled(type).unsupported)
}

export interface Unsupported {
  readonly type: string
  readonly code: string
  readonly reason: string
}

interface Compiled {
  readonly all: readonly Rule[]
  readonly byCode: ReadonlyMap<string, readonly Rule[]>
  readonly caseSensitive: ReadonlySet<string>
  readonly targets: ReadonlyMap<string, readonly string[]>
  readonly dataTypes: ReadonlyMap<string, readonly string[]>
  readonly singles: ReadonlySet<string>
  readonly unsupported: readonly Unsupported[]
}

function apply({ select, convert }: Rule, resource: Resource, extraction: Extraction): void {
  for (const value of select([resource], resource)) convert(value, extraction)
}

const byType = new Map<string, Compiled>()
onSearchParametersChange(() => byType.clear())

function compiled(type: string): Compiled {
  let found = byType.get(type)
  if (!found) byType.set(type, (found = compileType(type)))
  return found
}

function compileType(type: string): Compiled {
  const byCode = new Map<string, readonly Rule[]>()
  const caseSensitive = new Set<string>()
  const targets = new Map<string, readonly string[]>()
  const dataTypes = new Map<string, readonly string[]>()
  const singles = new Set<string>()
  const unsupported: Unsupported[] = []
  const compile = (parameter: SearchParameter): readonly Rule[] => {
    if (parameter.type === 'composite') {
      return compileComposite(type, parameter, (code) => caseSensitive.has(code))
    }
    const selections = selectionsOf(parameter, type)
    const exact = selections.every((selection) => caseSensitiveTypes.has(selection.type))
    if (exact) caseSensitive.add(parameter.code)
    dataTypes.set(parameter.code, [...new Set(selections.map((selection) => selection.type))])
    if (areSingle(selections)) singles.add(parameter.code)
    if (parameter.type === 'reference') targets.set(parameter.code, targetsOf(parameter, selections))
    return compileRules(parameter, selections, exact)
  }
  for (const parameter of partsFirst(type)) {
    try {
      byCode.set(parameter.code, compile(parameter))
    } catch (error) {
      if (!(error instanceof UnsupportedExpression)) throw error
      unsupported.push({ type, code: parameter.code, reason: error.message })
    }
  }
  return { all: [...byCode.values()].flat(), byCode, caseSensitive, targets, dataTypes, singles, unsupported }
}

/**
 * Why a parameter that is to be added could not be extracted on a type.
 *
 * @returns undefined when it can be
 */
export function reasonUnsupported(type: string, parameter: SearchParameter): string | undefined {
  try {
    compileRules(parameter, selectionsOf(parameter, type), false)
    return undefined
  } catch (error) {
    if (error instanceof UnsupportedExpression) return error.message
    throw error
  }
}

/** Composites after what they are made of. */
function partsFirst(type: string): readonly SearchParameter[] {
  const all = [...searchParameters(type).values()]
  const isComposite = (parameter: SearchParameter) => parameter.type === 'composite'
  return [...all.filter((one) => !isComposite(one)), ...all.filter(isComposite)]
}

const caseSensitiveTypes: ReadonlySet<string> = new Set(['Identifier', 'id', 'uri'])

function selectionsOf({ expression }: SearchParameter, type: string): readonly Selection[] {
  if (expression === undefined) throw new UnsupportedExpression('no expression')
  return compileExpression(expression, type)
}

/** Data types of which one element has several values. */
const manyValued: ReadonlySet<string> = new Set(['CodeableConcept', 'HumanName', 'Address', 'canonical'])

/** One element, or one of the forms of a choice: there is never more than one of these. */
function areSingle(selections: readonly Selection[]): boolean {
  const paths = new Set(selections.map(({ property }) => property?.path))
  return paths.size === 1 && selections.every(({ type, single }) => single && !manyValued.has(type))
}

/** What the parameter and the elements it selects both allow; `[]` for any type. */
function targetsOf(
  { target: declared }: SearchParameter,
  selections: readonly Selection[],
): readonly string[] {
  const allowed = selections.map(({ target, property }) =>
    target === undefined ? (property?.targets ?? []) : [target],
  )
  if (allowed.some((targets) => targets.length === 0)) return declared
  const either = [...new Set(allowed.flat())]
  return declared.length === 0 ? either : either.filter((target) => declared.includes(target))
}

/** Data types that have no meaning for the parameter (an Age for a date) are passed over. */
function compileRules(
  parameter: SearchParameter,
  selections: readonly Selection[],
  caseSensitive: boolean,
): readonly Rule[] {
  const rules = selections.flatMap(({ type, property, select }) => {
    const convert = converter(parameter.type, type, { parameter: parameter.code, caseSensitive, property })
    return convert ? [{ select, convert }] : []
  })
  if (rules.length === 0) throw new UnsupportedExpression('data types that it cannot be asked for')
  return rules
}
