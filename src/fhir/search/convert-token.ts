import { members, text, type Convert, type Extraction, type Purpose } from './convert.ts'
import { implicitSystem } from './implicit-system.ts'
import { isObject } from '../json.ts'
import { foldCode } from './normalise.ts'

/** Tokens of each data type. @see FHIR R4 § Search, "token" */

function pushToken(
  { parameter, caseSensitive }: Purpose,
  to: Extraction,
  system: string | undefined,
  code: string | undefined,
): void {
  const form = code === undefined || caseSensitive ? code : foldCode(code)
  to.found.push({ kind: 'token', parameter, system, code: form })
}

/** The words beside a code, for `:text`. */
function pushText({ parameter }: Purpose, to: Extraction, words: string | undefined): void {
  if (words !== undefined) to.found.push({ kind: 'string', parameter: `${parameter}:text`, text: words })
}

export function tokenOfCoding(purpose: Purpose): Convert {
  return (value, to) => {
    if (!isObject(value)) return
    pushToken(purpose, to, text(value['system']), text(value['code']))
    pushText(purpose, to, text(value['display']))
  }
}

/** A concept of text alone is there, though no code finds it. */
export function tokenOfConcept(purpose: Purpose): Convert {
  const ofCoding = tokenOfCoding(purpose)
  return (value, to) => {
    if (!isObject(value)) return
    const codings = members(value['coding'])
    for (const coding of codings) ofCoding(coding, to)
    if (codings.length === 0) pushToken(purpose, to, undefined, undefined)
    pushText(purpose, to, text(value['text']))
  }
}

/** With `Identifier.type.text` for `:text` and the codes of the type for `:of-type`. */
export function tokenOfIdentifier(purpose: Purpose): Convert {
  const plain = tokenOfPlainIdentifier(purpose)
  const parameter = `${purpose.parameter}:of-type`
  return (value, to) => {
    if (!isObject(value)) return
    plain(value, to)
    const type = value['type']
    if (!isObject(type)) return
    pushText(purpose, to, text(type['text']))
    const number = text(value['value'])
    for (const coding of members(type['coding'])) {
      const code = isObject(coding) ? text(coding['code']) : undefined
      if (!isObject(coding) || code === undefined || number === undefined) continue
      to.found.push({ kind: 'of-type', parameter, system: text(coding['system']), code, value: number })
    }
  }
}

/** System and value alone, as the identifier of a Reference is asked for. */
export function tokenOfPlainIdentifier(purpose: Purpose): Convert {
  return (value, to) => {
    if (isObject(value)) pushToken(purpose, to, text(value['system']), text(value['value']))
  }
}

/** The table of the specification gives ContactPoint no system: `phone` there is not a namespace. */
export function tokenOfContactPoint(purpose: Purpose): Convert {
  return (value, to) => {
    if (isObject(value)) pushToken(purpose, to, undefined, text(value['value']))
  }
}

export function tokenOfCode(purpose: Purpose): Convert {
  const valueSet = purpose.property?.binding?.valueSet
  const systemOf = valueSet === undefined ? () => undefined : implicitSystem(valueSet)
  return (value, to) => {
    if (typeof value === 'string') pushToken(purpose, to, systemOf(value), value)
  }
}

export function tokenOfBoolean(purpose: Purpose): Convert {
  return (value, to) => {
    if (typeof value === 'boolean') pushToken(purpose, to, specialValues, String(value))
  }
}

/** "The implicit system for boolean values." */
const specialValues = 'http://hl7.org/fhir/special-values'

export function tokenOfText(purpose: Purpose): Convert {
  return (value, to) => {
    if (typeof value === 'string') pushToken(purpose, to, undefined, value)
  }
}
