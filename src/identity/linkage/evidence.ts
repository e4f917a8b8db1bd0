import { createHmac } from 'node:crypto'
import type { Keyring } from '../keyring.ts'
import type { Traits } from './traits.ts'

/**
 * Tells whether two persons are known by the same as when somebody said that they are two: an HMAC over the
 * traits of both, in either order. Phones and addresses are left out: who moves is no new person.
 */
export class Evidence {
  private readonly key: Buffer

  constructor(keyring: Keyring) {
    this.key = keyring.derive('linkage')
  }

  /** 32 bytes */
  of(one: Traits, other: Traits): Buffer {
    const known = [one, other].map(knownBy).sort()
    return createHmac('sha256', this.key).update(JSON.stringify(known)).digest()
  }
}

function knownBy({ ins, families, givens, birthDate, sex, birthPlace }: Traits): string {
  const words = families.map((family) => family.join(' ')).sort()
  return JSON.stringify([[...ins].sort(), words, givens, birthDate ?? null, sex ?? null, birthPlace ?? null])
}
