import { FhirError } from './outcome.ts'

/**
 * JSON that keeps the digits. FHIR decimals carry precision (`1.50` is not `1.5`) and may exceed a
 * double; a number that JavaScript would not write back as it stood becomes a `Decimal`.
 *
 * @see FHIR R4 § JSON Representation, "decimal"
 */
export type Json = null | boolean | number | string | Decimal | Json[] | JsonObject
export interface JsonObject {
  [member: string]: Json
}
export type Resource = JsonObject & { resourceType: string }

/** A JSON number with its text. `Number(decimal)` gives the nearest double. */
export class Decimal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  valueOf(): number {
    return Number(this.text)
  }
  toString(): string {
    return this.text
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal)
}

export function isNumber(value: Json | undefined): value is number | Decimal {
  return typeof value === 'number' || value instanceof Decimal
}

/** How deep documents may be; what is made here must be readable again. */
export const maxDepth = 200

/** A document of 50 MB that says something has about two million; `{}` alone 16 million times is a GB of memory. */
const maxValues = 5_000_000
/** An element of FHIR has some hundred at most; a million names in one object take seconds to tell apart. */
const maxMembers = 1000
const { hasOwn } = Object

/**
 * Parses JSON text into values whose numbers can be written back digit by digit.
 *
 * @param deepest levels; more than those of a document for what we put together ourselves
 * @throws FhirError 400 `structure`: not JSON, a member twice, `__proto__`, a lone surrogate, NUL in a
 *   string, deeper than 200 levels, or more than 1,000 members in one object. The message gives the offset,
 *   never the text. 413 for more than 5 million values.
 */
export function parseJson(text: string, deepest = maxDepth): Json {
  return new Parser(text, deepest).document()
}

/** A class for speed alone: one monomorphic object, a cursor, no closures. Not for use elsewhere. */
class Parser {
  private at = 0
  private depth = 0
  private values = 0
  private readonly text: string
  private readonly deepest: number
  constructor(text: string, deepest: number) {
    this.text = text
    this.deepest = deepest
  }

  document(): Json {
    if (this.text.charCodeAt(0) === 0xfeff) this.at = 1
    const value = this.value()
    this.space()
    if (this.at < this.text.length) throw this.error('text after the document')
    return value
  }

  private value(): Json {
    if (++this.values > maxValues) throw FhirError.tooLong(`JSON of more than ${maxValues} values`)
    this.space()
    switch (this.text.charCodeAt(this.at)) {
      case 0x7b:
        return this.nested(() => this.object())
      case 0x5b:
        return this.nested(() => this.array())
      case 0x22:
        return this.string()
      case 0x74:
        return this.word('true', true)
      case 0x66:
        return this.word('false', false)
      case 0x6e:
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > this.deepest) throw this.error(`deeper than ${this.deepest} levels`)
    this.at++
    const value = read()
    this.depth--
    return value
  }

  private object(): JsonObject {
    const object: JsonObject = {}
    if (this.closes(0x7d)) return object
    for (let members = 1; ; members++) {
      this.space()
      if (this.text.charCodeAt(this.at) !== 0x22) throw this.error('a member name expected')
      if (members > maxMembers) throw this.error(`more than ${maxMembers} members in one object`)
      const name = this.string()
      if (name === '__proto__') throw this.error('this member name is not allowed')
      if (hasOwn(object, name)) throw this.error('a member that is there twice')
      this.space()
      if (this.text.charCodeAt(this.at) !== 0x3a) throw this.error("':' expected")
      this.at++
      object[name] = this.value()
      if (this.closes(0x7d)) return object
      this.comma()
    }
  }

  private array(): Json[] {
    const array: Json[] = []
    if (this.closes(0x5d)) return array
    for (;;) {
      array.push(this.value())
      if (this.closes(0x5d)) return array
      this.comma()
    }
  }

  private closes(bracket: number): boolean {
    this.space()
    if (this.text.charCodeAt(this.at) !== bracket) return false
    this.at++
    return true
  }

  private comma(): void {
    if (this.text.charCodeAt(this.at) !== 0x2c) throw this.error("',' expected")
    this.at++
  }

  private string(): string {
    const start = this.at + 1
    let end = start
    let plain = true
    for (; ; end++) {
      const code = this.text.charCodeAt(end)
      if (code === 0x22) break
      if (code === 0x5c) {
        plain = false
        end++
      } else if (!(code >= 0x20)) {
        // NaN past the end of the text is not >= either
        throw this.error('a string that does not end, or a control character in it')
      } else if (code >= 0xd800 && code <= 0xdfff) {
        plain = false
      }
    }
    this.at = end + 1
    return plain ? this.text.slice(start, end) : this.escaped(start, end)
  }

  private escaped(start: number, end: number): string {
    const raw = this.text.slice(start - 1, end + 1)
    let value: string
    try {
      value = JSON.parse(raw) as string
    } catch {
      throw this.error('a bad escape in a string')
    }
    if (value.includes('\0')) throw this.error('NUL in a string')
    if (!value.isWellFormed()) throw this.error('a lone surrogate in a string')
    return value
  }

  private number(): number | Decimal {
    numberToken.lastIndex = this.at
    const match = numberToken.exec(this.text)
    if (!match) throw this.error('a value expected')
    this.at = numberToken.lastIndex
    const number = Number(match[0])
    return String(number) === match[0] ? number : new Decimal(match[0])
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.error('a value expected')
    this.at += word.length
    return value
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  private error(what: string): FhirError {
    return FhirError.structure(`not JSON that can be read: ${what}, at offset ${this.at}`)
  }
}

const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** Writes a value as JSON text without white space; a `Decimal` comes out as it came in. */
export function stringifyJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Decimal) return value.text
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  let text = '{'
  for (const name in value) {
    const member = value[name]
    if (member === undefined) continue
    text += `${text === '{' ? '' : ','}${quoted(name)}:${stringifyJson(member)}`
  }
  return text + '}'
}

/** Names are nearly always plain; asking first costs two thirds of `JSON.stringify` on each. */
function quoted(name: string): string {
  return /^[\w.:/-]+$/.test(name) ? `"${name}"` : JSON.stringify(name)
}
