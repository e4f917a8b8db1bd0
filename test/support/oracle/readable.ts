import type { SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Found } from './found.ts'

/** The data types that each type of parameter reads. @see FHIR R4 § Search, "Search Parameter Types" */
const readable: Readonly<Record<string, RegExp>> = {
  token: /^(Coding|CodeableConcept|Identifier|ContactPoint|code|boolean|id|string|uri)$/,
  string: /^(string|markdown|HumanName|Address)$/,
  date: /^(date|dateTime|instant|Period|Timing)$/,
  number: /^(decimal|integer|positiveInt|unsignedInt|Range)$/,
  quantity: /^(Quantity|Age|Count|Distance|Duration|Money|Range|SampledData)$/,
  uri: /^(uri|url|canonical|oid|uuid)$/,
}

/** Whether an element is of a type that the parameter reads: a Range is no token. */
export function isReadable({ type }: SearchParameter, found: Found): boolean {
  return readable[type]?.test(found.type) ?? true
}
