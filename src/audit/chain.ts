import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The arithmetic of the trail. Each server process writes a chain of its own; each event carries an HMAC
 * over itself and the HMAC of the event before, so that whoever has the database but not the keyring can
 * change, remove, add or move nothing unseen. Chains are chained in turn by their headers; a header also
 * witnesses how far the others had come when it was written.
 *
 * Every field before the last has a fixed length, and each kind of text begins with a label of its own, so
 * no two different inputs give the same bytes.
 */
export const macBytes = 32

/** What `Keyring.derive` makes the trail's key for. */
export const keyPurpose = 'audit'

/** Before the first event of a chain, and before the first chain. */
export const noMac: Buffer = Buffer.alloc(macBytes)

export interface ChainedEvent {
  /** UUID of the chain */
  readonly chain: string
  /** from 1, without gaps */
  readonly sequence: number
  readonly recordedAt: Date
  /** the AuditEvent as JSON text */
  readonly body: string
}

/** How far a chain had come: its last event. */
export interface Tail {
  readonly chain: string
  /** 0: no event yet */
  readonly sequence: number
  readonly mac: Buffer
}

export interface ChainHeader {
  readonly chain: string
  /** place among all chains, from 1, without gaps */
  readonly ordinal: number
  readonly startedAt: Date
  /** tails of other chains as they were found at the start, as {@link printTails} writes them */
  readonly witnessed: string
}

/**
 * @param key `Keyring.derive(keyPurpose)`
 * @param previous MAC of the event before, {@link noMac} for the first
 * @returns 32 bytes
 */
export function eventMac(key: Buffer, event: ChainedEvent, previous: Buffer): Buffer {
  return createHmac('sha256', key)
    .update('coffre audit event 1\0')
    .update(uuidBytes(event.chain))
    .update(integerBytes(event.sequence))
    .update(integerBytes(event.recordedAt.getTime()))
    .update(fixed(previous))
    .update(event.body, 'utf8')
    .digest()
}

/** @param previous MAC of the header with the ordinal before, {@link noMac} for the first */
export function headerMac(key: Buffer, header: ChainHeader, previous: Buffer): Buffer {
  return createHmac('sha256', key)
    .update('coffre audit chain 1\0')
    .update(uuidBytes(header.chain))
    .update(integerBytes(header.ordinal))
    .update(integerBytes(header.startedAt.getTime()))
    .update(fixed(previous))
    .update(header.witnessed, 'utf8')
    .digest()
}

const digits = String(Number.MAX_SAFE_INTEGER).length

/** A line for each: UUID, sequence and MAC in hex, all of fixed length. */
export function printTails(tails: readonly Tail[]): string {
  return tails
    .map(
      ({ chain, sequence, mac }) =>
        `${chain} ${String(sequence).padStart(digits, '0')} ${mac.toString('hex')}\n`,
    )
    .join('')
}

/** @returns undefined when a line is not as {@link printTails} writes it */
export function parseTails(text: string): readonly Tail[] | undefined {
  if (text !== '' && !text.endsWith('\n')) return undefined
  const tails = text.split('\n').slice(0, -1).map(parseTail)
  return tails.every((tail) => tail !== undefined) ? tails : undefined
}

const tailForm = new RegExp(`^([0-9a-f-]{36}) (\\d{${digits}}) ([0-9a-f]{${2 * macBytes}})$`)

function parseTail(line: string): Tail | undefined {
  const [, chain, sequence, mac] = tailForm.exec(line) ?? []
  if (chain === undefined || sequence === undefined || mac === undefined) return undefined
  return { chain, sequence: Number(sequence), mac: Buffer.from(mac, 'hex') }
}

/** In constant time. */
export function sameMac(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== 16) throw new TypeError('a UUID expected')
  return bytes
}

function integerBytes(integer: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(integer))
  return bytes
}

function fixed(mac: Buffer): Buffer {
  if (mac.length !== macBytes) throw new TypeError(`a MAC of ${macBytes} bytes expected`)
  return mac
}
