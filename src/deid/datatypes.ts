import { isNumber, isObject, type Json, type JsonObject } from '../fhir/json.ts'
import { codes, type Expansion } from '../fhir/terminology/terminology.ts'
import { isCodeOf } from './codes.ts'
import type { Release, Run } from './context.ts'
import { countryCode, departement } from './place.ts'
import { shiftBirthYear, shiftDate, shiftPeriod } from './shift.ts'
import { inYears, isUcum, isUnit } from './unit.ts'

/** What leaves of each datatype (PRIVACY C1). A value of the wrong JSON type leaves nothing. */

export const keepBoolean: Release = (value) => (typeof value === 'boolean' ? value : undefined)

/** FHIR's integers have 32 bits: a longer number is somebody's number. */
export const keepInteger: Release = (value) =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : undefined

/** 18 significant digits are what FHIR asks systems to carry. */
const longestDecimal = 24

/** Digits stay as they were written. */
export const keepDecimal: Release = (value) =>
  isNumber(value) && String(value).length <= longestDecimal ? value : undefined

/** Codes of a closed list. */
export function keepCode(allowed: ReadonlySet<string>): Release {
  return (value) => (typeof value === 'string' && allowed.has(value) ? value : undefined)
}

const codesOf = (valueSet: string) => codes(`http://hl7.org/fhir/ValueSet/${valueSet}`) ?? new Set<string>()
const comparators = codesOf('quantity-comparator')
export const ucumSystem = 'http://unitsofmeasure.org'
/** Ages from here on are one class, "90 or more". */
const oldestAgeYears = 90

/** Value and comparator, the code when it can be read as a unit, the unit when it says no more than one. */
export const keepQuantity: Release = (value, run) => {
  if (!isObject(value)) return undefined
  const number = value['value'] === undefined ? undefined : keepDecimal(value['value'], run)
  if (number === undefined) return undefined
  const code = quantityCode(value, run)
  const { comparator, unit } = value
  const unitLeaves = typeof unit === 'string' && (unit === code?.code || isUnit(unit))
  return {
    value: capAge(number, code?.system === ucumSystem ? code.code : unitLeaves ? unit : undefined),
    ...(typeof comparator === 'string' && comparators.has(comparator) ? { comparator } : {}),
    ...(unitLeaves ? { unit } : {}),
    ...code,
  }
}

/** An age whose unit cannot be read is not an age: the cap could not be held. */
export const keepAge: Release = (value, run) => {
  const quantity = keepQuantity(value, run)
  if (!isObject(quantity)) return undefined
  const unit = quantity['code'] ?? quantity['unit']
  return typeof unit === 'string' && inYears(unit) !== undefined ? quantity : undefined
}

function quantityCode(quantity: JsonObject, run: Run): { system: string; code: string } | undefined {
  const { system, code } = quantity
  if (typeof system !== 'string' || typeof code !== 'string') return undefined
  const leaves =
    system === ucumSystem ? isUcum(code) : run.context.codeSystems.has(system) && isCodeOf(system, code)
  return leaves ? { system, code } : undefined
}

function capAge(number: Json, unit: string | undefined): Json {
  const years = unit === undefined ? undefined : inYears(unit)
  return years !== undefined && Number(number) * years >= oldestAgeYears
    ? Math.round(oldestAgeYears / years)
    : number
}

/** An object of which the named members leave, each by its own rule; nothing left: undefined. */
export function keepMembers(members: Readonly<Record<string, Release>>): Release {
  const entries = Object.entries(members)
  return (value, run) => {
    if (!isObject(value)) return undefined
    const kept: JsonObject = {}
    for (const [name, release] of entries) {
      const source = value[name]
      const released = source === undefined ? undefined : release(source, run)
      if (released !== undefined) kept[name] = released
    }
    return Object.keys(kept).length > 0 ? kept : undefined
  }
}

/** An array whose items each leave by one rule; nothing left: undefined. */
export function keepItems(release: Release): Release {
  return (value, run) => {
    if (!Array.isArray(value)) return undefined
    const kept = value.map((item) => release(item, run)).filter((item) => item !== undefined)
    return kept.length > 0 ? kept : undefined
  }
}

export const keepRange = keepMembers({ low: keepQuantity, high: keepQuantity })
export const keepRatio: Release = (value, run) => {
  const ratio = keepMembers({ numerator: keepQuantity, denominator: keepQuantity })(value, run)
  // FHIR rat-1: both or none
  return isObject(ratio) && 'numerator' in ratio && 'denominator' in ratio ? ratio : undefined
}

const dataAbsentReason = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'
const dataAbsentReasonExtension = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'

/** Stands where FHIR demands a coding and none may leave: "not available due to security, privacy". */
export const maskedCoding = () => ({ system: dataAbsentReason, code: 'masked', display: 'Masked' })
/** The same for a reference. */
export const maskedReference = () => ({
  extension: [{ url: dataAbsentReasonExtension, valueCode: 'masked' }],
})

/**
 * System and code, the display made anew. Version, userSelected and the display that was there stay behind.
 *
 * @param closed the value set of a required binding: its codes are FHIR's own and need no allow-list
 */
export function keepCoding(closed: Expansion | undefined): Release {
  return (value, { context }) => {
    if (!isObject(value)) return undefined
    const { system, code } = value
    if (typeof system !== 'string' || typeof code !== 'string') return undefined
    const leaves = closed
      ? closed.has(system, code)
      : context.codeSystems.has(system) && isCodeOf(system, code)
    if (!leaves) return undefined
    const display = context.display(system, code)
    return { system, code, ...(display === undefined ? {} : { display }) }
  }
}

export function keepCodeableConcept(closed: Expansion | undefined): Release {
  return keepMembers({ coding: keepItems(keepCoding(closed)) })
}

export const shiftedDate: Release = (value, { context }) =>
  typeof value === 'string' ? shiftDate(value, context.shiftDays) : undefined

export const shiftedPeriod: Release = (value, { context }) => {
  if (!isObject(value)) return undefined
  const { start, end } = value
  const period = shiftPeriod(
    typeof start === 'string' ? start : undefined,
    typeof end === 'string' ? end : undefined,
    context.shiftDays,
  )
  return Object.keys(period).length > 0 ? period : undefined
}

const timeUnit = keepCode(codesOf('units-of-time'))

/**
 * Events and bounds shifted, the repetition kept. Time of day is dropped, and so are weekdays: beside a
 * shifted date they would give the offset away modulo seven.
 */
export const shiftedTiming: Release = keepMembers({
  event: keepItems(shiftedDate),
  repeat: keepMembers({
    boundsDuration: keepQuantity,
    boundsRange: keepRange,
    boundsPeriod: shiftedPeriod,
    count: keepInteger,
    countMax: keepInteger,
    duration: keepDecimal,
    durationMax: keepDecimal,
    durationUnit: timeUnit,
    frequency: keepInteger,
    frequencyMax: keepInteger,
    period: keepDecimal,
    periodMax: keepDecimal,
    periodUnit: timeUnit,
    when: keepItems(keepCode(codesOf('event-timing'))),
    offset: keepInteger,
  }),
  code: keepCodeableConcept(undefined),
})

export const birthYear: Release = (value, { context }) =>
  typeof value === 'string' ? shiftBirthYear(value, context.shiftDays, context.clockYear) : undefined

const addressUse = keepCode(codesOf('address-use'))

/** Country as ISO 3166 code, and in France the département. Former addresses would tell how somebody moved. */
export const coarseAddress: Release = (value, run) => {
  if (!isObject(value) || value['use'] === 'old') return undefined
  const use = value['use'] === undefined ? undefined : addressUse(value['use'], run)
  const country = typeof value['country'] === 'string' ? countryCode(value['country']) : undefined
  const isFrench = value['country'] === undefined || country === 'FR'
  const code = value['postalCode']
  const postalCode = isFrench && typeof code === 'string' ? departement(code) : undefined
  if (country === undefined && postalCode === undefined) return undefined
  return {
    ...(use === undefined ? {} : { use }),
    ...(postalCode === undefined ? {} : { postalCode }),
    ...(country === undefined ? {} : { country }),
  }
}

const dotted = (uid: string) => uid.replace(/^urn:oid:/, '')

/** A DICOM UID as `id` or `oid`. */
export const pseudonymUid: Release = (value, { context }) =>
  typeof value === 'string' && value !== '' ? context.uid(dotted(value)) : undefined

/**
 * Of all identifiers the Study Instance UID alone, which ties the study to its pseudonymised images: in its
 * own system, or as a URI, which some senders use for it.
 */
export const pseudonymStudyUid: Release = (value, { context }) => {
  if (!isObject(value) || typeof value['value'] !== 'string') return undefined
  const { system, value: uid } = value
  const isUid = system === 'urn:dicom:uid' || (system === 'urn:ietf:rfc:3986' && uid.startsWith('urn:oid:'))
  return isUid ? { system: 'urn:dicom:uid', value: `urn:oid:${context.uid(dotted(uid))}` } : undefined
}

/** SOP classes of DICOM PS3.6, under the DICOM root; a vendor's own would name the vendor's root. */
const dicomSopClass = /^1\.2\.840\.10008\.5\.1\.4(?:\.\d{1,3}){1,6}$/

/** A code in the system of URIs, `urn:oid:…`, also when the source left the prefix out. */
export const pseudonymSopClass: Release = (value, { context }) => {
  if (!isObject(value) || typeof value['code'] !== 'string' || value['code'] === '') return undefined
  const system = 'urn:ietf:rfc:3986'
  const uid = dotted(value['code'])
  if (!dicomSopClass.test(uid)) return { system, code: `urn:oid:${context.uid(uid)}` }
  const display = context.display(system, `urn:oid:${uid}`)
  return { system, code: `urn:oid:${uid}`, ...(display === undefined ? {} : { display }) }
}
