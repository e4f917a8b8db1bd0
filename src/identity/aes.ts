import { createCipheriv, createDecipheriv, randomBytes, type CipherKey } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM with a random nonce.
 *
 * @param context authenticated with the content, not stored: the place the ciphertext belongs to
 * @returns nonce, ciphertext, tag
 */
export function seal(key: CipherKey, content: Buffer | string, context: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(context))
  const text = typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content)
  return Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()])
}

/** @throws Error when a bit of it is not as it was sealed, or the context is another */
export function open(key: CipherKey, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const content = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes))
  decipher.final() // gives nothing more: it is where a changed bit is noticed
  return content
}
