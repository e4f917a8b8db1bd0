import { randomBytes } from 'node:crypto'
import { open, seal, type Keyring } from '../identity/keyring.ts'

/** What people wrote about a case. It may name the person: it lies sealed, under a key of the case. */
export interface CaseWords {
  readonly reason: string
  /** where the evidence is: the number of a report, of a court's order, of the committee's minutes */
  readonly evidence: string
  /** the care service that receives, as people call it */
  readonly service?: string | undefined
}

/** The key of one case. */
export interface CaseKey {
  readonly id: string
  readonly key: Buffer
}

/** Makes a case's key. @returns it, and as it is kept */
export async function newCaseKey(
  keyring: Keyring,
  id: string,
): Promise<CaseKey & { readonly wrapped: Buffer; readonly keyVersion: number }> {
  const key = randomBytes(32)
  return { id, key, ...(await keyring.wrap(key, caseKeyContext(id))) }
}

/** What a case's key is bound to. */
export function caseKeyContext(id: string): string {
  return `reidentification/${id}`
}

export function sealWords({ id, key }: CaseKey, words: CaseWords): Buffer {
  return seal(key, JSON.stringify(words), `reidentification/${id}/words`)
}

export function openWords({ id, key }: CaseKey, sealed: Buffer): CaseWords {
  return JSON.parse(open(key, sealed, `reidentification/${id}/words`).toString()) as CaseWords
}

/** Why it was refused. */
export function sealRefusal({ id, key }: CaseKey, reason: string): Buffer {
  return seal(key, reason, `reidentification/${id}/refusal`)
}

export function openRefusal({ id, key }: CaseKey, sealed: Buffer): string {
  return open(key, sealed, `reidentification/${id}/refusal`).toString()
}
