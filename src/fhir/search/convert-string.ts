import { members, type Convert, type Purpose } from './convert.ts'
import { isObject } from '../json.ts'
import { sounds } from './phonetic.ts'

/** The string leaves of each data type. @see FHIR R4 § Search, "string" */

export function stringOfText({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value === 'string') to.found.push({ kind: 'string', parameter, text: value })
  }
}

const nameParts = ['text', 'family', 'given', 'prefix', 'suffix']

/** "Any of the string fields in the HumanName." */
export function stringOfName(purpose: Purpose): Convert {
  return ofParts(stringOfText(purpose), nameParts)
}

export function stringOfAddress(purpose: Purpose): Convert {
  const parts = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country']
  return ofParts(stringOfText(purpose), parts)
}

/** Each word of a text as it sounds. */
export function soundOfText({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value !== 'string') return
    for (const sound of sounds(value)) to.found.push({ kind: 'string', parameter, text: sound })
  }
}

export function soundOfName(purpose: Purpose): Convert {
  return ofParts(soundOfText(purpose), nameParts)
}

function ofParts(convert: Convert, parts: readonly string[]): Convert {
  return (value, to) => {
    if (!isObject(value)) return
    for (const part of parts) for (const item of members(value[part])) convert(item, to)
  }
}
