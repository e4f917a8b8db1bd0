import { createHmac } from 'node:crypto'
import type { IndexValue } from '../fhir/search/index-value.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { SearchValue, ValueCriterion } from '../fhir/search/query.ts'
import { folderOf, foldersOf, urisAbove } from '../fhir/search/uri-folder.ts'
import type { BlindCriterion } from '../store/prepared-query.ts'
import { part } from '../store/token.ts'
import { askedTokens, dayTokens } from './blind-date.ts'
import { stringAsked, stringForms, type Asked } from './blind-string.ts'
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
 * for each field. Equal values give equal numbers, and that is all the database can see
 * (docs/decisions/0005 and 0011).
 */
export class BlindIndex {
  private readonly keyring: Keyring
  private readonly zone: string
  private readonly keys = new Map<string, Buffer>()

  /** @param zone IANA name of the zone in which dates are read */
  constructor(keyring: Keyring, zone: string) {
    this.keyring = keyring
    this.zone = zone
  }

  /** The tokens that a value of a sealed parameter is found by. */
  tokens(type: string, value: IndexValue): bigint[] {
    const of = (form: string) => this.token(`${type}.${value.parameter}`, form)
    const present = of('+')
    switch (value.kind) {
      case 'token':
        return [present, ...codingForms(value.system, value.code).map(of)]
      case 'of-type':
        return value.system === undefined ? [present] : [present, of(ofTypeForm(value.system, value))]
      case 'string':
        return [present, ...stringForms(value.text).map(of)]
      case 'date':
        return [present, ...dayTokens(value, this.zone).map(of)]
      case 'uri':
        return [present, of(`u${value.uri}`), ...foldersOf(value.uri).map((folder) => of(`f${folder}`))]
      default:
        return [present]
    }
  }

  /**
   * The same for what is asked.
   *
   * @param parameter the name that extraction files its values under
   * @throws FhirError 400 for a form that the index cannot answer
   */
  criterion(type: string, parameter: string, { modifier, values }: ValueCriterion): BlindQuestion {
    const of = (form: string) => this.token(`${type}.${parameter}`, form)
    const blind = { kind: 'blind' as const, parameter }
    const [first] = values
    if (first?.kind === 'missing') {
      return { criterion: { ...blind, anyOf: [[of('+')]], negate: first.missing }, exact: true }
    }
    const asked = values.map((value) => this.asked(value, modifier, parameter))
    const anyOf = asked.flatMap((one) => one.anyOf.map((forms) => forms.map(of)))
    return {
      criterion: { ...blind, anyOf, negate: modifier === 'not' },
      exact: asked.every(({ exact }) => exact),
    }
  }

  /** The texts of a resource that `:text` asks about. */
  texts(type: string, values: readonly IndexValue[]): TextEntry[] {
    const of = (form: string) => this.token(`${type}:text`, form)
    return textsOf(values).map(({ normal, parameters }) => ({
      ...{ token: this.textToken(type, normal, parameters), normal, type, parameters },
      prefixes: () => textPrefixes(normal).map((prefix) => of(`^${prefix}`)),
    }))
  }

  /** The token of a normalised text that these parameters find. */
  textToken(type: string, normal: string, parameters: readonly string[]): bigint {
    return this.token(`${type}:text`, `=${parameters.join()}|${normal}`)
  }

  /** The token of the longest kept beginning of a normalised text; whether that is all of it. */
  textPrefix(type: string, normal: string): { readonly token: bigint; readonly exact: boolean } {
    const { prefix, exact } = askedPrefix(normal)
    return { token: this.token(`${type}:text`, `^${prefix}`), exact }
  }

  private token(field: string, form: string): bigint {
    let key = this.keys.get(field)
    if (!key) this.keys.set(field, (key = this.keyring.derive(`blind-index/${field}`)))
    return createHmac('sha256', key).update(form).digest().readBigInt64BE(0)
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
