import { createHmac } from 'node:crypto'
import type { Keyring } from './keyring.ts'
import { present, trigramMark } from './blind-string.ts'

/**
 * Rows lie in so many parts, by a hash of their names, and what is a string in one has another number in
 * each of the others: nobody can count how often a name occurs but within one part. A search asks each part.
 */
export const parts = 32

/**
 * The number of this layout: it grows with whatever changes the numbers of a row, parts and kept beginnings
 * included, and rows are laid anew at the next start (`reindex/blind-layout.ts`).
 */
export const blindLayout = 2

/** Numbers of 64 bits in one HMAC-SHA-512. */
const partsInBlock = 8

/** Of three letters in a row so many classes are told apart: many share one. */
const trigramClasses = 256

/**
 * The numbers that stand for forms of values: HMACs under a key for each field.
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
    const block = Math.floor(part / partsInBlock)
    return this.block(field, block, this.kept(field, form)).readBigInt64BE((part % partsInBlock) * 8)
  }

  /** The numbers of a string's form in all parts, in their order. */
  tokensInParts(field: string, form: string): bigint[] {
    const kept = this.kept(field, form)
    return Array.from({ length: parts / partsInBlock }, (_, at) => this.block(field, at, kept)).flatMap(
      (block) => Array.from({ length: partsInBlock }, (_, at) => block.readBigInt64BE(at * 8)),
    )
  }

  /** In which part a row lies, 0 … `parts` - 1. */
  partOf(type: string, id: string): number {
    return this.hash(`${type}/part`, id).readUInt32BE(0) % parts
  }

  /** What is kept of a form: of three letters their class. */
  private kept(field: string, form: string): string {
    if (!form.startsWith(trigramMark)) return form
    return `${trigramMark}${this.hash(field, form).readUInt32BE(0) % trigramClasses}`
  }

  /** The numbers of a form in several parts at once: one MAC has room for eight. */
  private block(field: string, block: number, form: string): Buffer {
    return createHmac('sha512', this.key(field)).update(`${block}/${form}`).digest()
  }

  private hash(field: string, form: string): Buffer {
    return createHmac('sha256', this.key(field)).update(form).digest()
  }

  private key(field: string): Buffer {
    let key = this.keys.get(field)
    if (!key) this.keys.set(field, (key = this.keyring.derive(`blind-index/${field}`)))
    return key
  }
}
