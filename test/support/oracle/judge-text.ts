import { byCanonical } from '../../../src/fhir/definitions.ts'
import { foundAs, listOf, membersOf, textOf, type Found } from './found.ts'
import { split, unescape } from './split.ts'

/** A code with its system, where it has them. */
export interface Token {
  readonly system: string | undefined
  readonly code: string | undefined
  /** identifiers, ids and URIs differ by case, all else does not */
  readonly caseSensitive: boolean
}

/** @see FHIR R4 § Search, the table under "token" */
export function tokensOf({ type, value, valueSet, isChoice }: Found): readonly Token[] {
  const { system, code, value: text, coding } = membersOf(value)
  // a uri beside a Coding is compared as the Coding is
  const isUri = type === 'id' || (type === 'uri' && !isChoice)
  switch (type) {
    case 'Coding':
      return [{ system: textOf(system), code: textOf(code), caseSensitive: false }]
    case 'CodeableConcept':
      return listOf(coding).flatMap((one) => tokensOf(foundAs('Coding', one)))
    case 'Identifier':
      return [{ system: textOf(system), code: textOf(text), caseSensitive: true }]
    case 'ContactPoint':
      return [{ system: undefined, code: textOf(text), caseSensitive: false }]
    case 'boolean':
      return [{ system: 'http://hl7.org/fhir/special-values', code: String(value), caseSensitive: false }]
    case 'code':
      return [{ system: systemOf(valueSet, String(value)), code: String(value), caseSensitive: false }]
    default:
      return [{ system: undefined, code: String(value), caseSensitive: isUri }]
  }
}

interface Compose {
  readonly include?: readonly {
    readonly system?: string
    readonly concept?: readonly { readonly code: string }[]
  }[]
}

/** "The system is defined in the value set": the one of its systems that lists the code, or its only one. */
function systemOf(valueSet: string | undefined, code: string): string | undefined {
  const compose = byCanonical.get(valueSet ?? '')?.['compose'] as Compose | undefined
  const includes = compose?.include ?? []
  const [only, ...others] = new Set(includes.map(({ system }) => system))
  if (others.length === 0) return only
  return includes.find(({ concept }) => concept?.some((one) => one.code === code))?.system
}

/** `code`, `system|code`, `|code`, `system|` */
export function meetsToken(asked: string, found: Found): boolean {
  const parts = split(asked, '|')
  const [system, code = ''] = parts.length === 1 ? [undefined, parts[0]] : parts
  return tokensOf(found).some((token) => {
    if (system === '' && token.system !== undefined) return false
    if (system !== undefined && system !== '' && token.system !== system) return false
    if (code === '') return true
    if (token.caseSensitive) return token.code === code
    return token.code?.toLowerCase() === code.toLowerCase()
  })
}

/** `:of-type`: `system|code|value` of an Identifier, exactly. */
export function meetsTypedIdentifier(asked: string, { value }: Found): boolean {
  const [system, code, number] = split(asked, '|')
  const { type, value: text } = membersOf(value)
  const codings = listOf(membersOf(type)['coding']).map(membersOf)
  return text === number && codings.some((one) => one['system'] === system && one['code'] === code)
}

/** The words of a token, for `:text`. */
export function wordsOf({ type, value }: Found): readonly string[] {
  const { text, display, coding, type: kind } = membersOf(value)
  const displays = listOf(coding).map((one) => membersOf(one)['display'])
  const words = type === 'Identifier' ? [membersOf(kind)['text']] : [text, display, ...displays]
  return words.flatMap((one) => textOf(one) ?? [])
}

/** "Any of the string fields." @see FHIR R4 § Search, the table under "string" */
export function stringsOf({ type, value }: Found): readonly string[] {
  const fields: Readonly<Record<string, readonly string[]>> = {
    HumanName: ['family', 'given', 'prefix', 'suffix', 'text'],
    Address: ['line', 'city', 'district', 'state', 'country', 'postalCode', 'text'],
  }
  const members = membersOf(value)
  const all = type in fields ? (fields[type] ?? []).flatMap((field) => listOf(members[field])) : [value]
  return all.flatMap((one) => textOf(one) ?? [])
}

const letters: Readonly<Record<string, string>> = { œ: 'oe', æ: 'ae', ß: 'ss', ł: 'l', ø: 'o' }

/** Without case and accents; white space and punctuation are one space. */
export function plain(text: string): string {
  const bare = text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
  const words = [...bare].map((letter) => letters[letter] ?? (/[\p{L}\p{N}]/u.test(letter) ? letter : ' '))
  return words.join('').split(' ').filter(Boolean).join(' ')
}

export function meetsString(
  asked: string,
  strings: readonly string[],
  modifier: string | undefined,
): boolean {
  const wanted = unescape(asked)
  if (modifier === 'exact') return strings.includes(wanted)
  if (modifier === 'contains') return strings.some((one) => plain(one).includes(plain(wanted)))
  return strings.some((one) => plain(one).startsWith(plain(wanted)))
}

/** A canonical with a version is found without it, too. */
export function urisOf({ type, value }: Found): readonly string[] {
  const uri = String(value)
  return type === 'canonical' && uri.includes('|') ? [uri, uri.slice(0, uri.indexOf('|'))] : [uri]
}

/** `:below` a URI is what begins with its segments; `:above` is the other way round. */
export function meetsUri(asked: string, found: Found, modifier: string | undefined): boolean {
  const wanted = unescape(asked)
  const isBelow = (one: string, other: string) =>
    `${one}/`.startsWith(other.endsWith('/') ? other : `${other}/`)
  return urisOf(found).some((uri) => {
    if (modifier === 'below') return isBelow(uri, wanted)
    return modifier === 'above' ? isBelow(wanted, uri) : uri === wanted
  })
}
