import type { IndexValue } from '../fhir/search/index-value.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { SearchValue, ValueCriterion } from '../fhir/search/query.ts'
import { folderOf, foldersOf, urisAbove } from '../fhir/search/uri-folder.ts'
import type { BlindCriterion } from '../store/prepared-query.ts'
import { part } from '../store/token.ts'
import { askedTokens, dayTokens } from './blind-date.ts'
import { BlindKeys, parts } from './blind-key.ts'
import { containedIn, present, stringAsked, stringForms, type Asked } from './blind-string.ts'
import { askedPrefix, textPrefixes, textsOf } from './blind-text.ts'
import type { Keyring } from './keyring.ts'

/** A text beside codes, as rows and the vault have it. */
export interface TextEntry {
  /** stands for text and parameters in the tokens of rows */
  readonly token: bigint
  /** lives in memory only */
  readonly normal: string
  readonly type: string
  /** `code:text`, `combo-code:text` */
  readonly parameters: readonly string[]
  /** made only for a text that the vault does not know: most come back */
  readonly prefixes: () => readonly bigint[]
}

/** What is asked of the blind index. */
export interface BlindQuestion {
  readonly criterion: BlindCriterion
  /** false: rows that are found may be no match, and must be judged by what is sealed of them */
  readonly exact: boolean
}

/**
 * Search over sealed values: each value is laid down as HMACs of the forms it can be asked by, a key
 * for each field. Equal values give equal numbers, strings only within one part of the rows, and that is
 * all the database can see (docs/decisions/0023 and 0011).
 */
export class BlindIndex {
  private readonly keys: BlindKeys
  private readonly zone: string

  /** @param zone IANA name of the zone in which dates are read */
  constructor(keyring: Keyring, zone: string) {
    this.keys = new BlindKeys(keyring)
    this.zone = zone
  }

  /**
   * The tokens that a value of a sealed parameter is found by.
   *
   * @param id internal, of the row that has the value
   */
  tokens(type: string, id: string, value: IndexValue): bigint[] {
    if (value.kind === 'string') return this.stringTokens(type, id, value)
    const forms = [present, ...formsOf(value, this.zone)]
    return forms.map((form) => this.keys.token(`${type}.${value.parameter}`, form))
  }

  private stringTokens(
    type: string,
    id: string,
    { parameter, text }: IndexValue & { kind: 'string' },
  ): bigint[] {
    const part = this.keys.partOf(type, id)
    const isContained = containedIn(type, parameter) === parameter
    return [present, ...stringForms(text, isContained)].map((form) =>
      this.keys.tokenInPart(`${type}.${parameter}`, part, form),
    )
  }

  /**
   * The same for what is asked.
   *
   * @param parameter the name that extraction files its values under
   * @throws FhirError 400 for a form that the index cannot answer
   */
  criterion(type: string, parameter: string, { modifier, values }: ValueCriterion): BlindQuestion {
    const field = `${type}.${modifier === 'contains' ? containedIn(type, parameter) : parameter}`
    const blind = { kind: 'blind' as const, parameter }
    const [first] = values
    if (first?.kind === 'missing') {
      const anyOf = [[this.keys.token(field, present)]]
      return { criterion: { ...blind, anyOf, negate: first.missing }, exact: true }
    }
    const asked = values.map((value) => this.asked(value, modifier, parameter))
    const inParts = values.map(({ kind }) => kind === 'string')
    const anyOf = asked.flatMap((one, at) =>
      one.anyOf.flatMap((forms) => this.askedTokens(field, forms, inParts[at] === true)),
    )
    return {
      criterion: { ...blind, anyOf, negate: modifier === 'not' },
      exact: asked.every(({ exact }) => exact),
    }
  }

  /** Whether what a criterion finds is all of it a match, and need not be judged. */
  isExact(parameter: string, { modifier, values }: ValueCriterion): boolean {
    return values.every((value) => value.kind === 'missing' || this.asked(value, modifier, parameter).exact)
  }

  /** The texts of a resource that `:text` asks about. */
  texts(type: string, values: readonly IndexValue[]): TextEntry[] {
    const of = (form: string) => this.keys.token(`${type}:text`, form)
    return textsOf(values).map(({ normal, parameters }) => ({
      ...{ token: this.textToken(type, normal, parameters), normal, type, parameters },
      prefixes: () => textPrefixes(normal).map((prefix) => of(`^${prefix}`)),
    }))
  }

  /** The token of a normalised text that these parameters find. */
  textToken(type: string, normal: string, parameters: readonly string[]): bigint {
    return this.keys.token(`${type}:text`, `=${parameters.join()}|${normal}`)
  }

  /** The token of the longest kept beginning of a normalised text; whether that is all of it. */
  textPrefix(type: string, normal: string): { readonly token: bigint; readonly exact: boolean } {
    const { prefix, exact } = askedPrefix(normal)
    return { token: this.keys.token(`${type}:text`, `^${prefix}`), exact }
  }

  /** Forms that must all be there, as tokens: of strings one list for each part of the rows. */
  private askedTokens(field: string, forms: readonly string[], inParts: boolean): bigint[][] {
    if (!inParts || forms.includes(present)) return [forms.map((form) => this.keys.token(field, form))]
    const inAll = forms.map((form) => this.keys.tokensInParts(field, form))
    return Array.from({ length: parts }, (_, part) => inAll.flatMap((tokens) => tokens[part] ?? []))
  }

  /** The forms of one asked value. */
  private asked(value: SearchValue, modifier: ValueCriterion['modifier'], code: string): Asked {
    switch (value.kind) {
      case 'token':
        return exactly([codingForm(value.system, value.code)])
      case 'of-type':
        return exactly([ofTypeForm(value.system, value)])
      case 'string':
        return stringAsked(value.text, modifier)
      case 'date':
        return exactly(askedTokens(value.prefix, value, this.zone))
      case 'uri':
        return exactly(uriForms(value))
      default:
        throw FhirError.notSupported(`${code}: not searchable in this form`)
    }
  }
}

/** Of what is no string: by all of it, or not at all. */
function formsOf(value: IndexValue, zone: string): string[] {
  switch (value.kind) {
    case 'token':
      return codingForms(value.system, value.code)
    case 'of-type':
      return value.system === undefined ? [] : [ofTypeForm(value.system, value)]
    case 'date':
      return dayTokens(value, zone)
    case 'uri':
      return [`u${value.uri}`, ...foldersOf(value.uri).map((folder) => `f${folder}`)]
    default:
      return []
  }
}

function exactly(forms: readonly string[]): Asked {
  return { anyOf: forms.map((form) => [form]), exact: true }
}

function uriForms({ uri, match }: SearchValue & { readonly kind: 'uri' }): string[] {
  const forms = (match === 'above' ? urisAbove(uri) : [uri]).map((one) => `u${one}`)
  return match === 'below' ? [...forms, `f${folderOf(uri)}`] : forms
}

function codingForms(system: string | undefined, code: string | undefined): string[] {
  return [
    ...(code === undefined ? [] : [codingForm(undefined, code), codingForm(system ?? '', code)]),
    ...(system ? [codingForm(system, undefined)] : []),
  ]
}

function codingForm(system: string | undefined, code: string | undefined): string {
  return `c${part(system)}|${part(code)}`
}

function ofTypeForm(
  system: string,
  { code, value }: { readonly code: string; readonly value: string },
): string {
  return `t${part(system)}|${part(code)}|${part(value)}`
}
