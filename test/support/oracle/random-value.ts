import type { SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import { isBlind } from '../../../src/resources/blind-parameters.ts'
import type { Chance } from './chance.ts'
import { find, foundAs, membersOf, select, textOf, type Found } from './found.ts'
import { dateIn } from './judge-date.ts'
import { targetsOf } from './judge-reference.ts'
import { stringsOf, tokensOf, urisOf, wordsOf } from './judge-text.ts'
import { componentsOf, partOf } from './oracle.ts'
import * as pool from './pools.ts'
import { isReadable } from './readable.ts'
import { escape } from './split.ts'
import { codesAlong, codesIn } from './terminology.ts'

/** A parameter's modifier, `''` for none, and one value for it, as they stand in a URL. */
export interface Asked {
  readonly modifier: string
  readonly value: string
}

/** What a value is made from. */
export interface Source {
  readonly chance: Chance
  /** the server's FHIR base URL */
  readonly base: string
  readonly type: string
  readonly parameter: SearchParameter
}

const prefixes = ['', '', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const

/**
 * Something to ask a parameter for, that a resource has, or nearly.
 *
 * @returns undefined when the resource gives nothing to ask for
 */
export function randomAsked(resource: Resource, source: Source): Asked | undefined {
  const { chance, parameter } = source
  if (chance.happens(0.06)) return { modifier: 'missing', value: chance.pick(['true', 'false']) }
  // how names sound is left to the server
  if (parameter.code === 'phonetic') return undefined
  if (parameter.type === 'composite') return askComposite(resource, source)
  const found = find(resource, parameter.code).filter((one) => isReadable(parameter, one))
  return found.length === 0 ? undefined : ask(chance.pick(found), source)
}

function ask(found: Found, source: Source): Asked | undefined {
  const { chance } = source
  switch (source.parameter.type) {
    case 'token':
      return askToken(found, chance)
    case 'string':
      return askString(stringsOf(found), chance)
    case 'date':
      return plainly(dateText(dateIn(found), chance))
    case 'number':
      return plainly(numberText(found, chance))
    case 'quantity':
      return plainly(quantityText(found, chance))
    case 'uri':
      return askUri(found, chance, isBlind(source.type, source.parameter.code))
    case 'reference':
      return askReference(found, source)
    case 'special':
      return plainly(nearText(found, chance))
    default:
      return undefined
  }
}

/** The definitions say of some what they refer to, and leave out types that the element allows. */
export function canLeadTo({ target }: SearchParameter, type: string): boolean {
  return target.length === 0 || target.includes(type)
}

function plainly(value: string | undefined): Asked | undefined {
  return value === undefined ? undefined : { modifier: '', value }
}

function askToken(found: Found, chance: Chance): Asked | undefined {
  const words = wordsOf(found)
  const hasWords = ['CodeableConcept', 'Coding', 'Identifier'].includes(found.type) && words.length > 0
  if (hasWords && chance.happens(0.2)) {
    const asked = askString(words, chance)
    return asked?.modifier === '' ? { modifier: 'text', value: asked.value } : undefined
  }
  const { value, type } = membersOf(found.value)
  if (found.type === 'Identifier' && typeof value === 'string' && type !== undefined && chance.happens(0.5)) {
    const [typed] = tokensOf(foundAs('CodeableConcept', type))
    const code = chance.happens(0.7) ? (typed?.code ?? '') : chance.pick(pool.identifierTypes)
    return { modifier: 'of-type', value: [typed?.system ?? '', code, value].map(escape).join('|') }
  }
  if (['CodeableConcept', 'Coding', 'code'].includes(found.type) && chance.happens(0.3)) {
    const asked = askTerminology(found, chance)
    if (asked) return asked
  }
  const text = tokenText(found, chance)
  return text === undefined ? undefined : { modifier: chance.pick(['', '', '', 'not']), value: text }
}

/** By a value set, most likely that of the element, or by the place of its code among others. */
function askTerminology(found: Found, chance: Chance): Asked | undefined {
  const valueSet = chance.happens(0.7)
    ? (found.valueSet ?? '').replace(/\|.*/, '')
    : chance.pick(pool.valueSets)
  if (chance.happens(0.6)) {
    const isListed = codesIn(valueSet) !== undefined
    return isListed ? { modifier: chance.pick(['in', 'in', 'not-in']), value: escape(valueSet) } : undefined
  }
  const [token] = tokensOf(found)
  const [system, code] = [token?.system ?? '', token?.code ?? '']
  const modifier = chance.pick(['above', 'below'])
  if (codesAlong({ system, code }, modifier) === undefined) return undefined
  return { modifier, value: `${escape(system)}|${escape(code)}` }
}

function tokenText(found: Found, chance: Chance): string | undefined {
  const tokens = tokensOf(found)
  if (tokens.length === 0) return undefined
  const { system, code } = chance.pick(tokens)
  const cased = code === undefined || chance.happens(0.8) ? code : otherCase(code)
  const written = escape(cased ?? '')
  const forms = [
    ...(cased === undefined ? [] : [written, `${escape(system ?? '')}|${written}`, `|${written}`]),
    ...(system === undefined ? [] : [`${escape(system)}|`]),
  ]
  return forms.length === 0 ? undefined : chance.pick(forms)
}

function otherCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase()
}

function askString(strings: readonly string[], chance: Chance): Asked | undefined {
  if (strings.length === 0) return undefined
  const letters = [...chance.pick(strings)]
  const modifier = chance.pick(['', '', 'exact', 'contains'])
  const from = modifier === 'contains' ? chance.below(letters.length) : 0
  const length = chance.happens(0.5) ? letters.length : 1 + chance.below(letters.length)
  const part = letters.slice(from, from + length).join('')
  if (!/[\p{L}\p{N}]/u.test(part)) return undefined
  const written = chance.happens(0.7) ? part : otherCase(chance.happens(0.5) ? part : bare(part))
  return { modifier, value: escape(written) }
}

const spelling: Readonly<Record<string, string>> = { Œ: 'OE', ß: 'ss', Ł: 'L', ł: 'l' }

/** As somebody types who has no accents and punctuation at hand. */
function bare(text: string): string {
  const spelled = [...text].map((letter) => spelling[letter] ?? letter).join('')
  return spelled
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/[-’']/g, ' ')
}

/** A date of any precision, with its offset or by the hospital's clock. */
function dateText(given: string | undefined, chance: Chance): string | undefined {
  if (given === undefined) return undefined
  const date = chance.happens(0.8) ? given : chance.pick([...pool.dates, ...pool.instants])
  const lengths = [4, 7, 10, 16, 19, date.length].filter((length) => length <= date.length)
  const length = chance.pick(lengths)
  if (length <= 10 && chance.happens(0.3))
    return chance.pick(prefixes) + beside(date.slice(0, length), chance)
  const offset = /T.*?((?:Z|[+-]\d\d:\d\d))$/.exec(date)?.[1] ?? ''
  const isTime = length > 10 && length < date.length
  return chance.pick(prefixes) + date.slice(0, length) + (isTime && chance.happens(0.5) ? offset : '')
}

/** The year, month or day before or after, where one interval ends and the other begins. */
function beside(date: string, chance: Chance): string {
  const [year = '', month = '1', day = '1'] = date.split('-')
  const step = chance.pick([-1, 1])
  const [years, months] = [date.length === 4 ? step : 0, date.length === 7 ? step : 0]
  const days = date.length === 10 ? step : 0
  const moved = new Date(Date.UTC(Number(year) + years, Number(month) - 1 + months, Number(day) + days))
  return moved.toISOString().slice(0, date.length)
}

/** Around a point, as far as others of the pool are or not. */
function nearText({ value }: Found, chance: Chance): string {
  const { latitude, longitude } = membersOf(value)
  const [lat, lon] = chance.happens(0.5) ? [String(latitude), String(longitude)] : chance.pick(pool.points)
  const range = chance.pick(['', '|1', '|5', '|200|km', '|30000|m', '|60|[mi_i]', '|12000'])
  return `${String(lat)}|${String(lon)}${range}`
}

/** A number in one of the ways it can be written, or one beside it. */
function numberText({ value }: Found, chance: Chance): string | undefined {
  const members = membersOf(value)
  const low = members['low'] ?? members['high'] ?? members['origin']
  const own = typeof value === 'number' ? value : (members['value'] ?? membersOf(low)['value'])
  if (typeof own !== 'number') return undefined
  const number = chance.happens(0.8) ? own : chance.pick(pool.decimals)
  // where an open end begins, only a few prefixes tell
  const most = members['comparator'] === undefined ? prefixes : (['ge', 'le', 'sa', 'eb'] as const)
  const forms = [
    String(number),
    number.toFixed(1),
    number.toFixed(2),
    number.toFixed(0),
    number.toExponential(),
  ]
  return chance.pick(most) + chance.pick(forms)
}

function quantityText(found: Found, chance: Chance): string | undefined {
  const number = numberText(found, chance)
  if (number === undefined || chance.happens(0.25)) return number
  const members = membersOf(found.value)
  const from = membersOf(members['low'] ?? members['high'] ?? members['origin'] ?? members)
  const code = textOf(from['code']) ?? textOf(members['currency'])
  const system = textOf(from['system']) ?? (members['currency'] === undefined ? '' : 'urn:iso:std:iso:4217')
  if (system === pool.ucum && chance.happens(0.5)) {
    return `${number}|${pool.ucum}|${chance.pick(pool.ucumUnits)}`
  }
  const unit = chance.happens(0.7) ? code : textOf(from['unit'])
  if (unit === undefined) return number
  return chance.happens(0.7) ? `${number}|${system}|${unit}` : `${number}||${unit}`
}

/** @param isSealed then it can be found as a whole alone */
function askUri(found: Found, chance: Chance, isSealed: boolean): Asked {
  const uri = chance.happens(0.8) ? chance.pick(urisOf(found)) : chance.pick(pool.uris)
  return { modifier: isSealed ? '' : chance.pick(['', '', 'above', 'below']), value: escape(uri) }
}

function askReference(found: Found, { chance, base, parameter }: Source): Asked | undefined {
  const { identifier } = membersOf(found.value)
  if (found.type === 'Reference' && identifier !== undefined && chance.happens(0.7)) {
    const value = tokenText(foundAs('Identifier', identifier), chance)
    return value === undefined ? undefined : { modifier: 'identifier', value }
  }
  const targets = targetsOf(found, parameter.code, base).filter(
    (one) => 'url' in one || canLeadTo(parameter, one.type),
  )
  if (targets.length === 0) return undefined
  const target = chance.pick(targets)
  if ('url' in target) return { modifier: '', value: escape(target.url) }
  const { type, id } = target
  if (partOf(type) !== undefined && found.type === 'Reference' && chance.happens(0.4)) {
    return { modifier: chance.pick(['above', 'below']), value: `${type}/${id}` }
  }
  switch (chance.below(4)) {
    case 0:
      return { modifier: '', value: id }
    case 1:
      return { modifier: '', value: `${base}/${type}/${id}` }
    case 2:
      return { modifier: type, value: id }
    default:
      return { modifier: '', value: `${type}/${id}` }
  }
}

/** Values of one focus, or of several: then they must not meet. */
function askComposite(resource: Resource, source: Source): Asked | undefined {
  const { parameter, chance } = source
  const components = componentsOf(resource.resourceType, parameter).map(({ parameter: one, path }) => ({
    parameter: one,
    found: select(resource, `(${parameter.expression ?? ''}).select(${path})`).filter((found) =>
      isReadable(one, found),
    ),
  }))
  if (components.some(({ found }) => found.length === 0)) return undefined
  const part = (component: (typeof components)[number]): string | undefined => {
    for (let tries = 0; tries < 10; tries++) {
      const asked = ask(chance.pick(component.found), { ...source, parameter: component.parameter })
      if (asked?.modifier === '') return asked.value
    }
    return undefined
  }
  const parts = components.map(part)
  return plainly(parts.some((one) => one === undefined) ? undefined : parts.join('$'))
}
