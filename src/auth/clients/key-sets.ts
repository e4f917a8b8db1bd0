import { Injectable } from '@nestjs/common'
import type { JWK } from 'jose'
import { isPublicKey } from './client-metadata.ts'

/** What a token's header says about the key that signed it. */
export interface KeyHint {
  readonly kid?: string | undefined
  readonly alg?: string | undefined
}

interface FetchedKeys {
  readonly keys: readonly JWK[]
  readonly fetchedAt: number
  readonly freshUntil: number
}

/**
 * Public keys of clients and trusted issuers, by the URL they were registered with: no other URL is
 * ever asked. Kept as long as `Cache-Control` allows and no longer; a `kid` that is not among them
 * has the set fetched once more, at most every {@link refetchSeconds}. Redirects are not followed.
 *
 * @see SMART App Launch 2.2 § Registering a client (communicating public keys)
 */
@Injectable()
export class KeySets {
  private readonly cache = new Map<string, FetchedKeys>()
  private readonly underway = new Map<string, Promise<FetchedKeys>>()

  /**
   * @param now in ms since the epoch
   * @returns the one key that fits the hint; undefined when none or several do, or the keys cannot be had
   */
  async find(url: string, hint: KeyHint, now = Date.now()): Promise<JWK | undefined> {
    const cached = this.cache.get(url)
    if (cached && cached.freshUntil > now) {
      const key = selectKey(cached.keys, hint)
      if (key || cached.fetchedAt + refetchSeconds * 1000 > now) return key
    }
    try {
      return selectKey((await this.fetch(url, now)).keys, hint)
    } catch {
      // without its keys nothing that a client signed can be believed; the caller refuses
      return undefined
    }
  }

  private fetch(url: string, now: number): Promise<FetchedKeys> {
    const running = this.underway.get(url)
    if (running) return running
    const started = fetchKeys(url, now)
      .then((fetched) => {
        this.cache.set(url, fetched)
        return fetched
      })
      .finally(() => this.underway.delete(url))
    this.underway.set(url, started)
    return started
  }
}

/** Between two fetches that only an unknown `kid` causes: anyone can make up a `kid`. */
export const refetchSeconds = 10
const timeoutSeconds = 5
const largestBytes = 256 * 1024
/** When the answer has no `Cache-Control`, and the most we keep whatever it says. */
const defaultMaxAgeSeconds = 300
const longestMaxAgeSeconds = 86_400

/** The one key with this `kid` whose type fits the algorithm. @see RFC 7517 §4.5 */
export function selectKey(keys: readonly unknown[], { kid, alg }: KeyHint): JWK | undefined {
  const kty = alg?.startsWith('RS') ? 'RSA' : alg?.startsWith('ES') ? 'EC' : undefined
  if (kid === undefined || kty === undefined) return undefined
  const fitting = keys.filter(isPublicKey).filter((key) => key.kid === kid && key.kty === kty)
  const [key, ...others] = fitting
  if (!key || others.length > 0) return undefined
  const usable = (key.alg === undefined || key.alg === alg) && (key.use === undefined || key.use === 'sig')
  return usable ? key : undefined
}

/** @throws when they are not there, are none, or do not come in time */
export async function fetchKeys(
  url: string,
  now: number,
  timeoutMs = timeoutSeconds * 1000,
): Promise<FetchedKeys> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) throw new Error('the key set was not given')
  const set: unknown = JSON.parse(await limitedText(response))
  const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined
  if (!Array.isArray(keys)) throw new Error('not a key set')
  const maxAge = maxAgeSeconds(response.headers.get('cache-control'))
  return { keys: keys.filter(isPublicKey), fetchedAt: now, freshUntil: now + maxAge * 1000 }
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? []
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > largestBytes) throw new Error('the key set is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** How long an answer may be kept. @see RFC 9111 §5.2.2 */
export function maxAgeSeconds(cacheControl: string | null): number {
  if (cacheControl === null) return defaultMaxAgeSeconds
  if (/\b(?:no-store|no-cache)\b/i.test(cacheControl)) return 0
  const [, seconds] = /\bmax-age\s*=\s*"?(\d+)/i.exec(cacheControl) ?? []
  return seconds === undefined ? defaultMaxAgeSeconds : Math.min(Number(seconds), longestMaxAgeSeconds)
}
