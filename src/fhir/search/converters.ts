import type { Convert, Purpose } from './convert.ts'
import { dateOfPeriod, dateOfText, dateOfTiming } from './convert-date.ts'
import {
  numberOf,
  numberOfRange,
  quantityOf,
  quantityOfMoney,
  quantityOfRange,
  quantityOfSamples,
} from './convert-quantity.ts'
import {
  referenceOf,
  referenceOfCanonical,
  referenceOfEntry,
  uriOf,
  uriOfCanonical,
} from './convert-reference.ts'
import { positionOf } from './convert-position.ts'
import { soundOfName, soundOfText, stringOfAddress, stringOfName, stringOfText } from './convert-string.ts'
import {
  tokenOfBoolean,
  tokenOfCode,
  tokenOfCoding,
  tokenOfConcept,
  tokenOfContactPoint,
  tokenOfIdentifier,
  tokenOfText,
} from './convert-token.ts'
import type { SearchParameterType } from '../definitions.ts'

/**
 * The converter of a data type for a type of search parameter.
 *
 * @returns undefined when FHIR gives the pair no meaning
 * @see FHIR R4 § Search, the tables under "string", "token", "date", "reference", "quantity"
 */
export function converter(
  parameterType: SearchParameterType,
  dataType: string,
  purpose: Purpose,
): Convert | undefined {
  const bySound = purpose.parameter === 'phonetic' ? makersBySound[dataType] : undefined
  return (bySound ?? makers[parameterType]?.[dataType])?.(purpose)
}

type Makers = Readonly<Record<string, (purpose: Purpose) => Convert>>

/** The expression of `phonetic` is that of `name`; what it means is told by its name alone. */
const makersBySound: Makers = { string: soundOfText, HumanName: soundOfName }

const makers: Partial<Record<SearchParameterType, Makers>> = {
  token: {
    Coding: tokenOfCoding,
    CodeableConcept: tokenOfConcept,
    Identifier: tokenOfIdentifier,
    ContactPoint: tokenOfContactPoint,
    code: tokenOfCode,
    boolean: tokenOfBoolean,
    id: tokenOfText,
    string: tokenOfText,
    uri: tokenOfText,
  },
  string: {
    string: stringOfText,
    markdown: stringOfText,
    HumanName: stringOfName,
    Address: stringOfAddress,
  },
  date: {
    date: dateOfText,
    dateTime: dateOfText,
    instant: dateOfText,
    Period: dateOfPeriod,
    Timing: dateOfTiming,
  },
  number: {
    decimal: numberOf,
    integer: numberOf,
    positiveInt: numberOf,
    unsignedInt: numberOf,
    Range: numberOfRange,
  },
  quantity: {
    Quantity: quantityOf,
    Age: quantityOf,
    Count: quantityOf,
    Distance: quantityOf,
    Duration: quantityOf,
    Money: quantityOfMoney,
    Range: quantityOfRange,
    SampledData: quantityOfSamples,
  },
  reference: {
    Reference: referenceOf,
    canonical: referenceOfCanonical,
    uri: referenceOfCanonical,
    Resource: referenceOfEntry,
  },
  uri: {
    uri: uriOf,
    url: uriOf,
    oid: uriOf,
    uuid: uriOf,
    canonical: uriOfCanonical,
  },
  special: {
    'Location.position': positionOf,
  },
}
