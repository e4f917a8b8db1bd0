import { members, type Convert, type Purpose } from './convert.ts'
import { isObject } from './json.ts'

/** The string leaves of each data type. @see FHIR R4 § Search, "string" */

export function stringOfText({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value === 'string') to.found.push({ kind: 'string', parameter, text: value })
  }
}

/** "Any of the string fields in the HumanName." */
export function stringOfName(purpose: Purpose): Convert {
  return stringOfParts(purpose, ['text', 'family', 'given', 'prefix', 'suffix'])
}

export function stringOfAddress(purpose: Purpose): Convert {
  return stringOfParts(purpose, ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'])
}

function stringOfParts(purpose: Purpose, parts: readonly string[]): Convert {
  const ofText = stringOfText(purpose)
  return (value, to) => {
    if (!isObject(value)) return
    for (const part of parts) for (const item of members(value[part])) ofText(item, to)
  }
}
