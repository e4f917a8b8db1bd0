import type { PropertyDefinition } from '../../../src/fhir/definitions.ts'
import type { Json } from '../../../src/fhir/json.ts'
import { codes as codesOf } from '../../../src/fhir/terminology/terminology.ts'
import type { Chance } from './chance.ts'
import * as pool from './pools.ts'

/** A value of a primitive type, in the value set of its binding where that can be listed. */
export function randomPrimitive(property: PropertyDefinition, chance: Chance): Json {
  const bound = property.binding && boundCodes(property.binding.valueSet)
  if (bound && (property.binding?.strength === 'required' || property.type === 'code'))
    return chance.pick(bound)
  const maker = makers[property.type]
  if (!maker) throw new TypeError(`no values for ${property.type}`)
  return maker(chance)
}

/** Value sets that cannot be listed, of required bindings. */
const unlisted: Readonly<Record<string, readonly string[]>> = {
  'http://hl7.org/fhir/ValueSet/mimetypes': ['text/plain', 'application/fhir+json'],
  'http://hl7.org/fhir/ValueSet/all-languages': ['fr', 'en', 'fr-CA'],
  'http://hl7.org/fhir/ValueSet/currencies': ['EUR', 'USD'],
}

/** The first of a value set, so that several resources have the same. */
function boundCodes(valueSet: string): readonly string[] | undefined {
  const listed = codesOf(valueSet)
  return listed ? [...listed].slice(0, 8) : unlisted[valueSet]
}

const makers: Readonly<Record<string, (chance: Chance) => Json>> = {
  base64Binary: () => 'QUJD',
  boolean: (chance) => chance.happens(0.5),
  canonical: (chance) => chance.pick(pool.canonicals),
  code: (chance) => chance.pick(pool.codes),
  date: (chance) => chance.pick(pool.dates),
  dateTime: (chance) => chance.pick(chance.happens(0.5) ? pool.dates : pool.instants),
  decimal: (chance) => chance.pick(pool.decimals),
  id: () => 'an-id',
  instant: (chance) => chance.pick(pool.instants),
  integer: (chance) => chance.pick(pool.integers),
  markdown: (chance) => chance.pick(pool.strings),
  oid: () => 'urn:oid:1.2.3.4',
  positiveInt: (chance) => chance.pick(pool.integers),
  string: (chance) => chance.pick(pool.strings),
  time: () => '12:30:00',
  unsignedInt: (chance) => chance.pick(pool.integers),
  uri: (chance) => chance.pick(pool.uris),
  url: (chance) => chance.pick(pool.uris),
  uuid: () => 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520',
  xhtml: () => '<div xmlns="http://www.w3.org/1999/xhtml">a narrative</div>',
}
