import { Injectable } from '@nestjs/common'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Keyring } from '../identity/keyring.ts'

/**
 * Ties a form to who was shown it: a hash under a key of ours over the session, or, before sign-in, over a
 * cookie of this browser. A page elsewhere can send the cookie along, but cannot know the hash.
 *
 * @see OWASP Cross-Site Request Forgery Prevention, signed double-submit cookie
 */
@Injectable()
export class Csrf {
  private readonly key: Buffer

  constructor(keyring: Keyring) {
    this.key = keyring.derive('csrf')
  }

  /** @param binding id of the session, or the value of the cookie */
  token(binding: string): string {
    return createHmac('sha256', this.key).update(binding).digest('base64url')
  }

  isToken(token: string | null, binding: string): boolean {
    const [given, made] = [Buffer.from(token ?? ''), Buffer.from(this.token(binding))]
    return given.length === made.length && timingSafeEqual(given, made)
  }
}
