import { Injectable } from '@nestjs/common'
import { Database } from '../../store/database.ts'
import { Listener } from '../../store/listener.ts'
import type { IssuedToken } from './opaque-tokens.ts'

/** As long as a token that was found is not looked up again. */
export const memorySeconds = 2
const mostTokens = 10_000

/** Where the triggers on schema `auth` tell of what is good no longer: a token's id, or `*` for all. */
const channel = 'coffre_revoked'

/**
 * Access tokens that were looked up a moment ago, so that a busy client costs one look-up every
 * {@link memorySeconds}. The database tells every process of each token that is revoked, and when rights
 * change; a process that cannot hear it remembers nothing.
 */
@Injectable()
export class TokenMemory {
  private readonly kept = new Map<string, { token: IssuedToken; until: number }>()
  private readonly listener: Listener
  /** what was heard so far: a look-up that it changed during may have seen what is gone */
  private heard = 0

  constructor(database: Database) {
    this.listener = new Listener(database.url, channel, (payload) => {
      this.heard++
      if (payload === null || payload === '*') this.kept.clear()
      else this.kept.delete(payload)
    })
  }

  /** Until it is called, and while the database cannot be heard, nothing is remembered. */
  listen(): Promise<void> {
    return this.listener.start()
  }

  stop(): Promise<void> {
    return this.listener.stop()
  }

  /**
   * @param id as in the trail
   * @param now in ms since the epoch
   * @param read looks the token up where it is not remembered
   */
  async find(
    id: string,
    now: number,
    read: () => Promise<IssuedToken | undefined>,
  ): Promise<IssuedToken | undefined> {
    const known = this.kept.get(id)
    if (known && known.until > now) return known.token
    const { heard } = this
    const token = await read()
    if (token && this.listener.isListening && heard === this.heard) {
      if (this.kept.size >= mostTokens) this.kept.clear()
      this.kept.set(id, { token, until: Math.min(now + memorySeconds * 1000, token.expiresAt * 1000) })
    }
    return token
  }

  /** What this process revokes itself it need not wait to be told of. */
  forgetAll(): void {
    this.heard++
    this.kept.clear()
  }
}
