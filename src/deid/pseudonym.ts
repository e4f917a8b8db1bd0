import { createHmac } from 'node:crypto'

/**
 * The pseudonyms of one permit, the lower of two domains: in the warehouse a patient has a secret of their
 * own, of which each permit's secret makes another, the member's, and all else is made of that. So nobody
 * makes or undoes a pseudonym who has not both, what one permit is given never meets what another is given,
 * and where a member's secret is destroyed their names mean nothing any more (docs/decisions/0017).
 *
 * A patient's pseudonym is 18 digits and a check digit; a resource of their compartment has the patient's,
 * a hyphen, and 18 digits and a check digit of its own, so that the patient is found from any id handed out.
 */

/** 5 digits and 18 consonants that are not taken for one another; no vowels, so no words. */
const alphabet = '34679bcdfhjkmnprstvwxyz'
/** A prime: the check digit rests on it. */
const base = alphabet.length
/** 23^18 is 81 bits: 100 million patients collide with a chance of 2 in a billion. */
const ownDigits = 18

/** Keys derived from a permit's secret, one per use. */
export interface PermitKeys {
  /** makes members' secrets */
  readonly members: Buffer
  /** the key under which members' secrets are kept */
  readonly wrapping: Buffer
  /** names resources that are in no patient's compartment */
  readonly resources: Buffer
  readonly uids: Buffer
}

/** What one patient has within one permit. */
export interface PatientKeys {
  readonly pseudonym: string
  /** the member's; names the resources of the compartment; never leaves the process */
  readonly secret: Buffer
  /** whole days, uniform over [-365, -1] ∪ [1, 365], never 0 */
  readonly shiftDays: number
}

const secretBytes = 32

/**
 * @param secret at least 32 random bytes, one per permit
 * @throws TypeError when it is shorter
 */
export function permitKeys(secret: Buffer): PermitKeys {
  if (secret.length < secretBytes) throw new TypeError(`a permit's secret has at least ${secretBytes} bytes`)
  return {
    members: hmac(secret, 'members'),
    wrapping: hmac(secret, 'wrapping'),
    resources: hmac(secret, 'resources'),
    uids: hmac(secret, 'uids'),
  }
}

/**
 * The secret of a patient within a permit.
 *
 * @param warehouseSecret the patient's in the warehouse, 32 bytes that nobody else has
 */
export function memberSecret({ members }: PermitKeys, warehouseSecret: Buffer): Buffer {
  return createHmac('sha256', members).update(warehouseSecret).digest()
}

/** @param secret the member's, see `memberSecret` */
export function patientKeys(secret: Buffer): PatientKeys {
  // of one MAC, whose bytes tell nothing of each other: half the work where millions are made
  const mac = hmac(secret, 'member')
  return { pseudonym: withCheckDigit('', digits(mac)), secret, shiftDays: offset(mac) }
}

/**
 * The id of a resource that is not a Patient.
 *
 * @param owner the patient in whose compartment it is; undefined: nobody's, named under the permit's own key
 * @returns `<patient pseudonym>-<own part>`, 39 characters, or the own part alone, 19
 */
export function resourcePseudonym(
  permit: PermitKeys,
  owner: PatientKeys | undefined,
  type: string,
  id: string,
): string {
  const own = digits(hmac(owner?.secret ?? permit.resources, `resource/${type}/${id}`))
  return owner ? `${owner.pseudonym}-${withCheckDigit(owner.pseudonym, own)}` : withCheckDigit('', own)
}

/** Days by which the dates move of what is in no patient's compartment; as a patient's. */
export function ownShiftDays({ resources }: PermitKeys): number {
  return offset(hmac(resources, 'shift'))
}

/**
 * A DICOM UID as the permit shows it.
 *
 * @returns `2.25.` and 128 bits in decimal, at most 44 characters (DICOM PS3.5 § B.2 allows 64)
 */
export function uid(permit: PermitKeys, uid: string): string {
  return `2.25.${BigInt(`0x${hmac(permit.uids, uid).toString('hex', 0, 16)}`)}`
}

/** The pseudonym of the patient in whose compartment a resource's id is; undefined when the id names none. */
export function patientOf(pseudonym: string): string | undefined {
  return isPseudonym(pseudonym) && pseudonym.includes('-')
    ? pseudonym.slice(0, pseudonym.indexOf('-'))
    : undefined
}

const form = new RegExp(`^([${alphabet}]{${ownDigits + 1}})(?:-([${alphabet}]{${ownDigits + 1}}))?$`)

/**
 * Whether a text has the form of a pseudonym and its check digits hold: every single wrong digit and every
 * two neighbours that changed places are found.
 */
export function isPseudonym(text: string): boolean {
  const match = form.exec(text)
  if (!match) return false
  const [, first = '', own] = match
  return holds('', first) && (own === undefined || holds(first, own))
}

function holds(before: string, checked: string): boolean {
  return withCheckDigit(before, checked.slice(0, -1)) === checked
}

/**
 * A weighted sum over a prime, as ISBN-10 has one over 11. Weights run from 1 to 22 and begin anew, the check
 * digit's is 1: none is 0 modulo 23, nor is the difference of two neighbours or of two with one between them.
 * So a wrong digit, which adds weight × difference, and two that changed places, which add the difference of
 * weights × that of digits, never leave the sum as it was (docs/decisions/0017).
 *
 * @param before digits that are checked too but not repeated
 */
function withCheckDigit(before: string, own: string): string {
  const all = before + own
  let sum = 0
  for (let i = 0; i < all.length; i++) {
    const weight = ((all.length - i) % (base - 1)) + 1
    sum += weight * alphabet.indexOf(all[i] ?? '')
  }
  return own + alphabet[(base - (sum % base)) % base]
}

const chunkBytes = 6
const chunkDigits = 6

/** 48 bits make six digits: 27 bits are used, so that no digit is likelier than another by 1 in a million. */
function digits(mac: Buffer): string {
  let text = ''
  for (let at = 0; text.length < ownDigits; at += chunkBytes) {
    let rest = mac.readUIntBE(at, chunkBytes)
    for (let i = 0; i < chunkDigits; i++) {
      text += alphabet[rest % base]
      rest = Math.floor(rest / base)
    }
  }
  return text
}

const longestShiftDays = 365

/** Of the bytes after those that `digits` uses. */
function offset(mac: Buffer): number {
  const n = mac.readUIntBE((ownDigits / chunkDigits) * chunkBytes, chunkBytes) % (2 * longestShiftDays)
  return n < longestShiftDays ? n - longestShiftDays : n - longestShiftDays + 1
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
