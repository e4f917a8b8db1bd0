import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Keyring } from '../identity/keyring.ts'
import type { Place } from '../identity/vault-erasure.ts'
import type { Erasure } from './erased.ts'

/** Where a key may stand after an erasure, and why. */
const kept: ReadonlyMap<string, string> = new Map([
  ['governance.erasure', 'this erasure; it forgets the key with this certificate'],
  ['governance.former_member', 'that a cohort was left is on record, by a key that leads to nobody'],
  ['governance.reidentified', 'that an identity was handed out is on record, by a key that leads to nobody'],
])
/** References of other records, to a Patient who is not there. */
const referring: ReadonlySet<string> = new Set(['clinical.resource', 'clinical.history'])

/** What a look through all places found of a patient. */
export interface Finding {
  /** tables where something is left that must not be: rows by table */
  readonly left: Readonly<Record<string, number>>
  readonly certified: Pick<Certificate, 'places' | 'references' | 'kept'>
}

/** That a patient was erased. It names nobody: the request it belongs to is known by its number. */
export interface Certificate {
  readonly number: number
  readonly ground: string
  readonly retention: string
  readonly askedAt: string
  readonly askedBy: 'dpo'
  readonly confirmedAt: string
  readonly confirmedBy: string
  readonly erasedAt: string
  readonly provedAt: string
  /** rows with the patient's key by table: every table there is but those of the trail; each is 0 */
  readonly places: Readonly<Record<string, number>>
  /** records of others that refer to the patient by a key that leads to nothing */
  readonly references: number
  /** where the key stays on record, and why */
  readonly kept: Readonly<Record<string, string>>
}

/** Judges what was found. @param found all places, of the vault too */
export function judge(found: readonly Place[]): Finding {
  const places: Record<string, number> = {}
  const left: Record<string, number> = {}
  const staying: Record<string, string> = {
    audit: 'accesses are on record for as long as the law asks, by a key that leads to nobody',
  }
  let references = 0
  for (const { place, owned, mentions } of found) {
    const why = kept.get(place)
    if (why !== undefined) {
      if (owned + mentions > 0) staying[place] = why
      continue
    }
    if (referring.has(place)) references += mentions
    const rows = owned + (referring.has(place) ? 0 : mentions)
    places[place] = rows
    if (rows > 0) left[place] = rows
  }
  return { left, certified: { places, references, kept: staying } }
}

/** The certificate's text, which is what is signed. */
export function certificateText(erasure: Erasure, finding: Finding, provedAt: Date): string {
  const { number, ground, retention, askedAt, confirmedAt, confirmedRole, erasedAt } = erasure
  if (!confirmedAt || !confirmedRole || !erasedAt) throw new TypeError('what is proved was carried out')
  const certificate: Certificate = {
    ...{ number, ground, retention, askedAt: askedAt.toISOString(), askedBy: 'dpo' },
    ...{ confirmedAt: confirmedAt.toISOString(), confirmedBy: confirmedRole },
    ...{ erasedAt: erasedAt.toISOString(), provedAt: provedAt.toISOString() },
    ...finding.certified,
  }
  return JSON.stringify(certificate)
}

/** SHA-256 of a certificate's text, hexadecimal. */
export function certificateHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Signs certificates, and knows its signature again. */
export class CertificateSeal {
  private readonly key: Buffer

  constructor(keyring: Keyring) {
    this.key = keyring.derive('erasure-certificate')
  }

  sign(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest()
  }

  isGenuine(text: string, mac: Buffer): boolean {
    const own = this.sign(text)
    return own.length === mac.length && timingSafeEqual(own, mac)
  }
}
