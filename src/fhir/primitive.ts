import { isNumber, type Json } from './json.ts'
import { isXhtmlDiv } from './primitive-xhtml.ts'

/**
 * The formats of R4's primitive types. The specification's regular expressions are restated so that
 * none backtracks: what a character class must not hold is searched for, instead of matching the whole
 * value, and dates must be in the calendar.
 *
 * @see FHIR R4 § Data Types, "Primitive Types"
 */
export interface PrimitiveFormat {
  /** whether a JSON value is of the type and in its value space */
  readonly accepts: (value: Json) => boolean
  /** what a value must be, to end the sentence "element: … expected" */
  readonly expected: string
}

/** Characters, not bytes: § string, "Strings SHALL NOT exceed 1MB (1024*1024 characters) in size". */
const maxStringLength = 1024 * 1024
const maxInteger = 2 ** 31 - 1
const minInteger = -(2 ** 31)

/** All below U+0020 but tab, line feed and carriage return. */
// eslint-disable-next-line no-control-regex
const control = /[\x00-\x08\x0b\x0c\x0e-\x1f]/
// eslint-disable-next-line no-control-regex
const controlOrSpace = /[\x00-\x20]|\s/
const looseSpace = /^\s|\s$|\s\s/

const date = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/
const time = /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?$/
/** what follows the day in an instant or a full dateTime; the offset is not optional there */
const timeWithOffset =
  /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/

const uri = format(
  text((value) => !controlOrSpace.test(value)),
  'a URI without white space',
)
const string = format(
  text((value) => value.length <= maxStringLength && !control.test(value)),
  'a string of 1 to 1048576 characters, none of them a control character,',
)

const formats: Readonly<Record<string, PrimitiveFormat>> = {
  base64Binary: format(text(isBase64), 'base64 with its padding'),
  boolean: format((value) => typeof value === 'boolean', 'true or false'),
  canonical: uri,
  code: format(
    text((value) => value.length <= maxStringLength && !looseSpace.test(value) && !control.test(value)),
    'a code without leading, trailing or double white space',
  ),
  date: format(text(isDate), 'a date (YYYY, YYYY-MM or YYYY-MM-DD) of the calendar'),
  dateTime: format(
    text((value) => (value.includes('T') ? isInstant(value) : isDate(value))),
    'a dateTime (a date, or YYYY-MM-DDThh:mm:ss with an offset) of the calendar',
  ),
  // beyond a double there is neither search nor arithmetic; the specification asks for 18 digits
  decimal: format((value) => isNumber(value) && Number.isFinite(Number(value)), 'a JSON number'),
  id: format(
    text((value) => /^[A-Za-z0-9\-.]{1,64}$/.test(value)),
    'an id of 1 to 64 letters, digits, - or .',
  ),
  instant: format(text(isInstant), 'an instant (YYYY-MM-DDThh:mm:ss with an offset) of the calendar'),
  integer: format((value) => isInteger(value, minInteger), 'a 32-bit integer'),
  markdown: string,
  oid: format(
    text((value) => /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/.test(value)),
    'urn:oid: with an OID',
  ),
  positiveInt: format((value) => isInteger(value, 1), 'an integer of 1 to 2147483647'),
  string,
  time: format(
    text((value) => time.test(value)),
    'a time (hh:mm:ss)',
  ),
  unsignedInt: format((value) => isInteger(value, 0), 'an integer of 0 to 2147483647'),
  uri,
  url: uri,
  uuid: format(
    text((value) => /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)),
    'urn:uuid: with a UUID in lower case',
  ),
  xhtml: format(text(isXhtmlDiv), 'a div in the XHTML namespace, well formed, without active content'),
}

/** The format of a primitive type. @throws TypeError when there is no such type: a mistake of ours */
export function primitiveFormat(type: string): PrimitiveFormat {
  const found = formats[type]
  if (!found) throw new TypeError(`no such primitive type: ${type}`)
  return found
}

/** Whether text is a FHIR `date`: a year, a month or a day that the Gregorian calendar has. */
export function isDate(value: string): boolean {
  const [matched, year, month, day] = date.exec(value) ?? []
  if (matched === undefined || year === '0000') return false
  if (month === undefined) return true
  if (Number(month) < 1 || Number(month) > 12) return false
  return day === undefined || (Number(day) >= 1 && Number(day) <= daysOf(Number(year), Number(month)))
}

/** Whether text is a FHIR `instant`, which is also the longest form of a `dateTime`. */
export function isInstant(value: string): boolean {
  return value[10] === 'T' && isDate(value.slice(0, 10)) && timeWithOffset.test(value.slice(11))
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** A `Decimal` here is a number written otherwise (`1.0`, `1e3`, `-0`): no integer in FHIR. */
function isInteger(value: Json, min: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= maxInteger
}

/** RFC 4648 § 4; white space is allowed, as in the specification's expression. */
function isBase64(value: string): boolean {
  const dense = /\s/.test(value) ? value.replace(/\s+/g, '') : value
  const padding = dense.endsWith('==') ? 2 : dense.endsWith('=') ? 1 : 0
  if (dense.length === 0 || dense.length % 4 !== 0) return false
  return !/[^A-Za-z0-9+/]/.test(dense.slice(0, dense.length - padding))
}

function text(accepts: (value: string) => boolean): (value: Json) => boolean {
  return (value) => typeof value === 'string' && value !== '' && accepts(value)
}

function format(accepts: (value: Json) => boolean, expected: string): PrimitiveFormat {
  return { accepts, expected }
}
