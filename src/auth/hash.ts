import { createHash } from 'node:crypto'

/** SHA-256 of something random that somebody shows, a token or a secret: all of it that is ever written down. */
export function hashOf(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}
