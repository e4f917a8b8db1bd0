import { createHmac } from 'node:crypto'
import type { Keyring } from './keyring.ts'
import { present, trigramMark } from './blind-string.ts'

/**
 * Rows lie in so many parts, by a hash of their names, and what is a string in one has another number in
 * each of the others: nobody can count how often a name occurs but within one part. A search asks each part.
 */
export const parts = 32

/** Of three letters in a row so many classes are told apart: many share one. */
const trigramClasses = 256

/**
 * The numbers that stand for forms of values: HMACs under a key for each field. Another layout of the index
 * must derive other keys, so that rows of an old one are never half found.
 */
export class BlindKeys {
  private readonly keyring: Keyring
  private readonly keys = new Map<string, Buffer>()

  constructor(keyring: Keyring) {
    this.keyring = keyring
  }

  /** The same number wherever the form occurs in the field. */
  token(field: string, form: string): bigint {
    return this.hash(field, form).readBigInt64BE(0)
  }

  /** The number of a string's form in one part. That a row has a value at all is no secret of a part. */
  tokenInPart(field: string, part: number, form: string): bigint {
    if (form === present) return this.token(field, form)
    return this.token(
      field,
      `${part}/${form.startsWith(trigramMark) ? this.trigramClass(field, form) : form}`,
    )
  }

  /** In which part a row lies, 0 … `parts` - 1. */
  partOf(type: string, id: string): number {
    return this.hash(`${type}/part`, id).readUInt32BE(0) % parts
  }

  private trigramClass(field: string, form: string): string {
    return `${trigramMark}${this.hash(field, form).readUInt32BE(0) % trigramClasses}`
  }

  private hash(field: string, form: string): Buffer {
    let key = this.keys.get(field)
    if (!key) this.keys.set(field, (key = this.keyring.derive(`blind-index/${field}`)))
    return createHmac('sha256', key).update(form).digest()
  }
}
