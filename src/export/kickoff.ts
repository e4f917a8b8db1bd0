import { compartmentParameters, isResourceType, typeDefinition } from '../fhir/definitions.ts'
import { interval } from '../fhir/search/interval.ts'
import { isObject, type Json } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseReference } from '../fhir/reference.ts'
import { parseTypeFilter } from './type-filter.ts'

/** Of what an export is made: all, the patients' compartments, those of a Group's members. */
export type Level = 'system' | 'patient' | 'group'

/** What a kick-off asked for, read and checked, in the form it is kept in until the work is done. */
export interface Kickoff {
  readonly level: Level
  /** logical id of the Group, at that level */
  readonly group: string | undefined
  /** undefined: all that the caller may have */
  readonly types: readonly string[] | undefined
  /** `Type?query` each, strictly readable */
  readonly typeFilters: readonly string[]
  /** `element` or `Type.element` */
  readonly elements: readonly string[]
  /** instant, exclusive */
  readonly since: string | undefined
  /** logical ids; `[]`: all patients of the level */
  readonly patients: readonly string[]
  /** under lenient handling, names of what was left out */
  readonly ignored: readonly string[]
}

export interface KickoffOptions {
  readonly level: Level
  readonly group: string | undefined
  readonly method: 'GET' | 'POST'
  /** `Prefer: handling=`; a research base is always strict */
  readonly handling: 'strict' | 'lenient'
  /** filters must be about the resource alone: they are judged on what a permit releases, one by one */
  readonly alone: boolean
  readonly now: Date
  /** IANA zone of dates without offset in `_typeFilter` */
  readonly zone: string
  /** the FHIR base: absolute references under it name our patients */
  readonly base: string
}

export type Parameter = readonly [name: string, value: string]

type Draft = { -readonly [Member in keyof Kickoff]: Kickoff[Member] }

/**
 * Reads the parameters of a kick-off.
 *
 * @throws FhirError 400 naming the parameter: unknown, given twice where one is meant, or not readable.
 *   Lenient handling leaves out what it may and lists it in `ignored`
 * @see Bulk Data Access IG § Query Parameters
 */
export function parseKickoff(parameters: readonly Parameter[], options: KickoffOptions): Kickoff {
  const { level, group } = options
  const draft: Draft = {
    ...{ level, group, types: undefined, since: undefined },
    ...{ typeFilters: [], elements: [], patients: [], ignored: [] },
  }
  for (const [name, value] of parameters) {
    const read = readers.get(name)
    if (read) read(draft, value, options)
    else if (options.handling === 'lenient') draft.ignored = [...draft.ignored, shownName(name)]
    else throw FhirError.notSupported(`${shownName(name)}: not a parameter of this operation`)
  }
  return whole(draft, options)
}

const readers: ReadonlyMap<string, (draft: Draft, value: string, options: KickoffOptions) => void> = new Map([
  ['_outputFormat', readOutputFormat],
  ['_since', readSince],
  ['_type', readTypes],
  ['_typeFilter', readTypeFilter],
  ['_elements', readElements],
  ['patient', readPatient],
])

const ndjson = ['application/fhir+ndjson', 'application/ndjson', 'ndjson']

function readOutputFormat(_draft: Draft, value: string): void {
  if (!ndjson.includes(withPlus(value)))
    throw FhirError.invalid('_outputFormat: only NDJSON', '_outputFormat')
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function readSince(draft: Draft, value: string, { now, zone }: KickoffOptions): void {
  if (draft.since !== undefined) throw FhirError.invalid('_since: given twice', '_since')
  const since = withPlus(value)
  if (!instant.test(since)) throw FhirError.invalid('_since: an instant expected', '_since')
  const [low] = interval(since, zone)
  if (low > now.getTime()) throw FhirError.invalid('_since: must not be in the future', '_since')
  draft.since = new Date(low).toISOString()
}

function readTypes(draft: Draft, value: string, { level, handling }: KickoffOptions): void {
  const types = list(value)
  if (types.length === 0 || !types.every(isResourceType)) {
    throw FhirError.invalid('_type: names of resource types expected', '_type')
  }
  const outside = level === 'system' ? [] : types.filter((type) => !isOfPatients(type))
  if (outside.length > 0 && handling === 'strict') {
    throw FhirError.invalid('_type: a type that is exported at system level only', '_type')
  }
  if (outside.length > 0) draft.ignored = [...draft.ignored, '_type']
  const known = types.filter((type) => !outside.includes(type))
  draft.types = [...new Set([...(draft.types ?? []), ...known])]
}

/**
 * Whether resources of a type are exported with the patients they are about. A Group is in the
 * compartment of each of its members, but names the others too: it leaves at system level only.
 *
 * @see FHIR R4 § CompartmentDefinition
 */
export function isOfPatients(type: string): boolean {
  return type !== 'Group' && compartmentParameters('Patient', type).length > 0
}

/** One filter, or several with a comma before the next `Type?`, as earlier editions had it. */
function readTypeFilter(draft: Draft, value: string, { zone, handling, alone }: KickoffOptions): void {
  for (const text of value.split(/,(?=[A-Z][A-Za-z]+\?)/)) {
    const filter = parseTypeFilter(text, { zone, handling })
    if (alone && filter.query.criteria.some(({ kind }) => kind !== 'value')) {
      throw FhirError.notSupported('_typeFilter: no chains and no _has on this base')
    }
    if (filter.ignored.length > 0) draft.ignored = [...draft.ignored, '_typeFilter']
    draft.typeFilters = [...draft.typeFilters, filter.text]
  }
}

function readElements(draft: Draft, value: string): void {
  const elements = list(value)
  const isElement = /^(?:[A-Z][A-Za-z]+\.)?[a-z][A-Za-z0-9]*$/
  for (const element of elements) {
    const [type, name] = element.includes('.') ? element.split('.') : [undefined, element]
    const isKnown = type === undefined || (isResourceType(type) && elementNames(type).has(name ?? ''))
    if (!isElement.test(element) || !isKnown) {
      throw FhirError.invalid('_elements: root elements expected, with or without their type', '_elements')
    }
  }
  draft.elements = [...draft.elements, ...elements]
}

function elementNames(type: string): ReadonlySet<string> {
  return new Set([...typeDefinition(type).properties.values()].map(({ name, choice }) => choice ?? name))
}

function readPatient(draft: Draft, value: string, { level, method, base }: KickoffOptions): void {
  if (level === 'system') throw FhirError.invalid('patient: not at system level', 'patient')
  if (method === 'GET') throw FhirError.invalid('patient: in a POST only', 'patient')
  const reference = parseReference(value, base)
  const isOurs = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
  if (!isOurs || reference.type !== 'Patient' || reference.id === undefined) {
    throw FhirError.invalid('patient: references to Patient resources of this base expected', 'patient')
  }
  draft.patients = [...new Set([...draft.patients, reference.id])]
}

/** What can be judged only when everything was read. */
function whole(draft: Draft, { handling }: KickoffOptions): Kickoff {
  const { types } = draft
  if (types?.length === 0) throw FhirError.invalid('_type: nothing is left of it', '_type')
  if (types === undefined) return draft
  const outside = draft.typeFilters.filter((text) => !types.includes(text.slice(0, text.indexOf('?'))))
  if (outside.length === 0) return draft
  if (handling === 'strict')
    throw FhirError.invalid('_typeFilter: a type that is not in _type', '_typeFilter')
  const typeFilters = draft.typeFilters.filter((text) => !outside.includes(text))
  return { ...draft, typeFilters, ignored: [...draft.ignored, '_typeFilter'] }
}

/**
 * The parameters of a POST as name and text, whatever their `value[x]` is.
 *
 * @throws FhirError 400 `structure` when the body is no Parameters resource of that shape
 */
export function parametersOf(body: Json | undefined): Parameter[] {
  if (!isObject(body) || body['resourceType'] !== 'Parameters') {
    throw FhirError.structure('a Parameters resource expected', 'Parameters')
  }
  const parameters = body['parameter'] ?? []
  if (!Array.isArray(parameters)) throw FhirError.structure('a list expected', 'Parameters.parameter')
  return parameters.map((parameter, index) => {
    const [at, name] = [`Parameters.parameter[${index}]`, isObject(parameter) ? parameter['name'] : undefined]
    if (!isObject(parameter) || typeof name !== 'string') throw FhirError.structure('a name expected', at)
    const values = Object.entries(parameter).filter(([member]) => member.startsWith('value'))
    const text = values.length === 1 ? textOf(values[0]?.[1]) : undefined
    if (text === undefined)
      throw FhirError.structure('one string, instant, code, Coding or Reference expected', at)
    return [name, text]
  })
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (!isObject(value)) return undefined
  const text = value['reference'] ?? value['code']
  return typeof text === 'string' ? text : undefined
}

function list(value: string): string[] {
  return value.split(',').filter((item) => item !== '')
}

/** A raw `+` in a query string arrives as a space; no media type and no instant has one. */
function withPlus(value: string): string {
  return value.replaceAll(' ', '+')
}

/** What a caller made up may hold anything: only what looks like a name is said again. */
function shownName(name: string): string {
  return /^[A-Za-z_][A-Za-z-]{0,40}$/.test(name) ? name : 'a parameter'
}
