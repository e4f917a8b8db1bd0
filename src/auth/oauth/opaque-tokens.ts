import { Injectable } from '@nestjs/common'
import { ArtifactStore, hashOf } from './artifact-store.ts'
import { Clients } from '../clients/clients.ts'
import type { TokenSubject } from '../principal.ts'

/** An access token of ours, with the base it was issued for. */
export interface IssuedToken extends TokenSubject {
  readonly audience: string
  readonly scope: string
  /** seconds since the epoch */
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * Looks access tokens up by their hash. What was found is remembered for a moment, so that a busy
 * client costs one look-up every {@link memorySeconds}; a token revoked by this process is forgotten at
 * once, one revoked by another process within that time.
 */
@Injectable()
export class OpaqueTokens {
  private readonly memory = new Map<string, { token: IssuedToken; until: number }>()

  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly clients: Clients,
  ) {}

  /** @param now in ms since the epoch; @returns undefined when unknown, revoked or expired */
  async find(value: string, now = Date.now()): Promise<IssuedToken | undefined> {
    const key = memoryKey(value)
    const remembered = this.memory.get(key)
    if (remembered && remembered.until > now) return remembered.token
    const token = await this.read(value, now)
    if (!token) {
      this.memory.delete(key)
      return undefined
    }
    if (this.memory.size >= memoryTokens) this.memory.clear()
    this.memory.set(key, { token, until: Math.min(now + memorySeconds * 1000, token.expiresAt * 1000) })
    return token
  }

  /** When a token ends, by the id that it has in the trail; undefined when revoked, expired or not ours. */
  async expiry(tokenId: string): Promise<Date | undefined> {
    return /^[0-9a-f]{32}$/.test(tokenId) ? this.artifacts.expiry(Buffer.from(tokenId, 'hex')) : undefined
  }

  forget(value: string): void {
    this.memory.delete(memoryKey(value))
  }

  private async read(value: string, now: number): Promise<IssuedToken | undefined> {
    const found = await this.artifacts.accessToken(value, new Date(now))
    if (!found?.client) return undefined
    const { scope, aud, iat } = found.payload as { scope?: unknown; aud?: unknown; iat?: unknown }
    if (typeof scope !== 'string' || typeof aud !== 'string' || typeof iat !== 'number') return undefined
    return {
      clientId: found.client.clientId,
      userId: undefined,
      tokenId: found.idHash.subarray(0, 16).toString('hex'),
      scopes: this.clients.readScopes(scope),
      patient: undefined,
      grants: new Set(found.client.grants),
      audience: aud,
      scope,
      issuedAt: iat,
      expiresAt: Math.floor(found.expiresAt.getTime() / 1000),
    }
  }
}

export const memorySeconds = 2
const memoryTokens = 10_000

function memoryKey(value: string): string {
  return hashOf(value).toString('base64')
}
