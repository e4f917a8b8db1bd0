import { randomBytes } from 'node:crypto'

/**
 * A new logical id: a UUID of version 7. Its first 48 bits are the time, so that new rows are
 * neighbours in an index; the other 74 are random.
 *
 * @see RFC 9562 § 5.7
 */
export function newLogicalId(now: Date): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now.getTime(), 0, 6)
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
