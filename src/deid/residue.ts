import { byCanonical, types, type PropertyDefinition } from '../fhir/definitions.ts'
import { isNumber, isObject, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { codes } from '../fhir/terminology/terminology.ts'
import { isPseudonym } from './pseudonym.ts'
import { isUcum, isUnit } from './unit.ts'

/**
 * The second look at a released resource, by other means than it was made: no rule tables, no source, only
 * the definitions and the short list of shapes that a pseudonymised resource is made of. What is not on the
 * list is residue, and the gate does not send a resource that has any.
 */
export interface Finding {
  /** FHIRPath of the element; names come from the definitions, an unknown member is its parent's */
  readonly path: string
  readonly residue:
    /** not a member of this type, or an extension, an `id` or a `_field` that has no place here */
    | 'unexpected'
    /** a datatype that holds identity or text: HumanName, ContactPoint, Narrative, Attachment, … */
    | 'datatype'
    /** a value that does not have the one form its element may have */
    | 'form'
}

/** What a release under a permit may mention. */
export interface ReleaseMarks {
  readonly permit: string
  readonly codeSystems: ReadonlySet<string>
  display(system: string, code: string): string | undefined
}

/** @returns `[]` when nothing is left over; paths, never values */
export function residue(resource: Resource, marks: ReleaseMarks): readonly Finding[] {
  const walk: Walk = { findings: [], marks }
  lookAtResource(resource, resource.resourceType, walk, rootMembers)
  return walk.findings
}

interface Walk {
  readonly findings: Finding[]
  readonly marks: ReleaseMarks
}

type Test = (value: Json, walk: Walk) => boolean

const text =
  (form: RegExp): Test =>
  (value) =>
    typeof value === 'string' && form.test(value)

/** In UTC: any other offset beside a shifted date tells the season it was written in */
const dateForm = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?)?)?$/
const uidForm = /^2\.25\.(0|[1-9]\d{0,38})$/
const ucumSystem = 'http://unitsofmeasure.org'
const uriSystem = 'urn:ietf:rfc:3986'
const sopClassForm = /^urn:oid:(2\.25\.(0|[1-9]\d{0,38})|1\.2\.840\.10008\.[0-9.]{1,30})$/
/** ASCII without white space: no code of a terminology we release has more */
const codeForm = /^[\w.:/+%'"*^#<>=()[\]{}-]{1,64}$/
const unitForm = /^[\w.,:/+%'"*^#()[\]{}°²³µ -]{1,24}$/
const digitsForm = /^-?[\d.eE+-]{1,24}$/

const integer: Test = (value) =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31

/** Primitives that may stand anywhere their definition puts them; any other one needs a place below. */
const primitives: Readonly<Record<string, Test>> = {
  boolean: (value) => typeof value === 'boolean',
  integer,
  positiveInt: integer,
  unsignedInt: integer,
  decimal: (value) => isNumber(value) && digitsForm.test(String(value)),
  date: text(dateForm),
  dateTime: text(dateForm),
  instant: text(dateForm),
}

const isPseudonymText: Test = (value) => typeof value === 'string' && isPseudonym(value)

/** Text has no place but these, by the element's path in the definitions. */
const places: Readonly<Record<string, Test>> = {
  'Resource.id': isPseudonymText,
  'Patient.birthDate': text(/^\d{4}$/),
  'Address.country': text(/^[A-Z]{2}$/),
  'Address.postalCode': text(/^\d\d$/),
  'Coding.system': isKnownSystem,
  'Coding.code': text(codeForm),
  'Coding.display': text(/^.{1,500}$/u), // compared with the terminology's in lookAtCoding
  'Quantity.system': isKnownSystem,
  'Quantity.code': text(codeForm),
  'Quantity.unit': text(unitForm), // compared with the lists in lookAtQuantity
  'Identifier.system': text(/^urn:dicom:uid$/),
  'Identifier.value': (value) =>
    typeof value === 'string' && value.startsWith('urn:oid:') && uidForm.test(value.slice('urn:oid:'.length)),
  'Reference.reference': isPseudonymReference,
  'ImagingStudy.series.uid': text(uidForm),
  'ImagingStudy.series.instance.uid': text(uidForm),
}

/** Datatypes of the quantity family share one place. */
const quantities: ReadonlySet<string> = new Set([
  'Quantity',
  'Age',
  'Duration',
  'Count',
  'Distance',
  'SimpleQuantity',
])

/** Datatypes a released resource is made of; a backbone element is looked into as well. */
const datatypes: ReadonlySet<string> = new Set([
  ...quantities,
  ...['Address', 'Coding', 'CodeableConcept', 'Dosage', 'Identifier'],
  ...['Period', 'Range', 'Ratio', 'Reference', 'Timing'],
])

/** Systems that appear whatever the permit allows: FHIR's own, of required bindings and masks; UCUM; UIDs. */
function isKnownSystem(value: Json, { marks }: Walk): boolean {
  if (typeof value !== 'string') return false
  const isFhirs = byCanonical.get(value)?.resourceType === 'CodeSystem'
  return isFhirs || value === ucumSystem || value === uriSystem || marks.codeSystems.has(value)
}

function isPseudonymReference(value: Json): boolean {
  if (typeof value !== 'string') return false
  const [type = '', id = '', ...more] = value.split('/')
  if (/^#contained-\d{1,4}$/.test(value)) return true
  return types.get(type)?.kind === 'resource' && isPseudonym(id) && more.length === 0
}

/** Looks at a member of a resource that is not like those of a datatype; false: it is not such a member. */
type SpecialMembers = (name: string, value: Json, path: string, walk: Walk) => boolean

const rootMembers: SpecialMembers = (name, value, path, walk) => {
  if (name === 'id') lookAtPlace('Resource.id', value, `${path}.id`, walk)
  else if (name === 'meta') lookAtMeta(value, `${path}.meta`, walk)
  else if (name === 'contained') lookAtContained(value, `${path}.contained`, walk)
  else return commonMembers(name, value, path, walk)
  return true
}

const containedMembers: SpecialMembers = (name, value, path, walk) => {
  if (name !== 'id') return commonMembers(name, value, path, walk)
  if (typeof value !== 'string' || !/^contained-\d{1,4}$/.test(value)) report(walk, `${path}.id`, 'form')
  return true
}

const languages = codes('http://hl7.org/fhir/ValueSet/languages')

const commonMembers: SpecialMembers = (name, value, path, walk) => {
  if (name === 'resourceType') return true
  if (name !== 'language') return false
  if (typeof value !== 'string' || !languages?.has(value)) report(walk, `${path}.language`, 'form')
  return true
}

function lookAtResource(resource: JsonObject, type: string, walk: Walk, special: SpecialMembers): void {
  if (types.get(type)?.kind !== 'resource') return report(walk, 'Resource', 'unexpected')
  lookAtMembers(resource, type, type, walk, special)
}

function lookAtContained(value: Json, path: string, walk: Walk): void {
  if (!Array.isArray(value)) return report(walk, path, 'form')
  for (const [index, one] of value.entries()) {
    if (!isObject(one) || typeof one['resourceType'] !== 'string') report(walk, `${path}[${index}]`, 'form')
    else lookAtResource(one, one['resourceType'], walk, containedMembers)
  }
}

/** `PSEUDED`, the permit, `SUBSETTED`, and the version and time that the sender gave it: nothing else. */
function lookAtMeta(value: Json, path: string, walk: Walk): void {
  if (!isObject(value)) return report(walk, path, 'form')
  for (const [name, member] of Object.entries(value)) {
    if (name === 'security' || name === 'tag') lookAtLabels(member, `${path}.${name}`, walk)
    else if (name === 'versionId' || name === 'lastUpdated') {
      const form = name === 'versionId' ? /^\d{1,9}$/ : dateForm
      if (typeof member !== 'string' || !form.test(member)) report(walk, `${path}.${name}`, 'form')
    } else report(walk, path, 'unexpected')
  }
  if (!isMarked(value['security'])) report(walk, `${path}.security`, 'form')
}

function isMarked(security: Json | undefined): boolean {
  return Array.isArray(security) && security.some((one) => isObject(one) && one['code'] === 'PSEUDED')
}

const observationValue = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'
const labels: ReadonlySet<string> = new Set(['PSEUDED', 'SUBSETTED'])

function lookAtLabels(value: Json, path: string, walk: Walk): void {
  const isOurs = (one: Json) =>
    isObject(one) &&
    (one['system'] === 'urn:coffre:permit'
      ? one['code'] === walk.marks.permit
      : one['system'] === observationValue && typeof one['code'] === 'string' && labels.has(one['code'])) &&
    Object.keys(one).every((name) => ['system', 'code', 'display'].includes(name)) &&
    (one['display'] === undefined || one['display'] === 'pseudonymized' || one['display'] === 'subsetted')
  if (!Array.isArray(value) || !value.every(isOurs)) report(walk, path, 'form')
}

function lookAtMembers(
  object: JsonObject,
  type: string,
  path: string,
  walk: Walk,
  special: SpecialMembers = () => false,
): void {
  const properties = types.get(type)?.properties
  for (const [name, value] of Object.entries(object)) {
    if (special(name, value, path, walk)) continue
    const property = properties?.get(name)
    if (!property || name === 'id' || name === 'modifierExtension') report(walk, path, 'unexpected')
    else if (name === 'extension') lookAtExtension(object, type, path, walk)
    else lookAtElement(value, property, type, `${path}.${name}`, walk)
  }
}

/** A URI for a code is a SOP class; a display is the terminology's, word by word. */
function lookAtCoding({ system, code, display }: JsonObject, path: string, walk: Walk): void {
  if (typeof system !== 'string' || typeof code !== 'string') return report(walk, path, 'form')
  if (system === uriSystem && !sopClassForm.test(code)) report(walk, `${path}.code`, 'form')
  const isMask = code === 'masked' && display === 'Masked'
  if (display !== undefined && !isMask && display !== walk.marks.display(system, code)) {
    report(walk, `${path}.display`, 'form')
  }
}

/** Units are the one free text that leaves: each is in the lists, or repeats its code. */
function lookAtQuantity({ system, code, unit }: JsonObject, path: string, walk: Walk): void {
  const isCode = system !== ucumSystem || (typeof code === 'string' && isUcum(code))
  if (!isCode) report(walk, `${path}.code`, 'form')
  if (unit !== undefined && unit !== code && !(typeof unit === 'string' && isUnit(unit))) {
    report(walk, `${path}.unit`, 'form')
  }
}

/** The one extension of a release says that a reference is masked, and stands where the reference would. */
function lookAtExtension(object: JsonObject, type: string, path: string, walk: Walk): void {
  const isMasked =
    type === 'Reference' &&
    Object.keys(object).length === 1 &&
    JSON.stringify(object) ===
      '{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}'
  if (!isMasked) report(walk, `${path}.extension`, 'unexpected')
}

function lookAtElement(
  value: Json,
  property: PropertyDefinition,
  type: string,
  path: string,
  walk: Walk,
): void {
  if (property.array !== Array.isArray(value)) return report(walk, path, 'form')
  const items = Array.isArray(value) ? value : [value]
  for (const [index, item] of items.entries()) {
    const at = property.array ? `${path}[${index}]` : path
    if (property.primitive) lookAtPrimitive(item, property, type, at, walk)
    else if (!datatypes.has(property.type) && types.get(property.type)?.kind !== 'backbone') {
      report(walk, at, 'datatype')
    } else if (!isObject(item)) report(walk, at, 'form')
    else {
      lookAtMembers(item, property.type, at, walk)
      if (property.type === 'Coding') lookAtCoding(item, at, walk)
      if (quantities.has(property.type)) lookAtQuantity(item, at, walk)
    }
  }
}

function lookAtPrimitive(
  value: Json,
  property: PropertyDefinition,
  type: string,
  path: string,
  walk: Walk,
): void {
  const owner = quantities.has(type) ? 'Quantity' : type
  const place = `${owner}.${property.name}`
  if (places[place]) return lookAtPlace(place, value, path, walk)
  if (property.type === 'code') {
    const allowed = property.binding?.strength === 'required' ? codes(property.binding.valueSet) : undefined
    if (typeof value !== 'string' || !allowed?.has(value)) report(walk, path, 'form')
    return
  }
  const test = primitives[property.type]
  if (!test) report(walk, path, 'datatype')
  else if (!test(value, walk)) report(walk, path, 'form')
}

function lookAtPlace(place: string, value: Json, path: string, walk: Walk): void {
  if (!places[place]?.(value, walk)) report(walk, path, 'form')
}

function report(walk: Walk, path: string, residue: Finding['residue']): void {
  walk.findings.push({ path, residue })
}
