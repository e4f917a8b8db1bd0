import { createSecretKey, type KeyObject } from 'node:crypto'

/** A data key out of its wrapping. */
export interface OpenKey {
  readonly key: KeyObject
  /** the wrapping it came out of: another one may hold another key */
  readonly wrapped: Buffer
}

interface Entry extends OpenKey {
  readonly since: number
}

/**
 * Unwrapped data keys of the patients last met, few and not for long: a dump of memory holds little, and
 * a key that was destroyed elsewhere is forgotten here in two minutes. Keys are kept outside the
 * JavaScript heap, where Node.js overwrites them when the last reference is gone.
 */
export class KeyCache {
  private readonly entries = new Map<string, Entry>()
  private readonly now: () => number
  private sweep: NodeJS.Timeout | undefined

  /** @param now milliseconds that never go back */
  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  get size(): number {
    return this.entries.size
  }

  get(owner: string): OpenKey | undefined {
    const entry = this.entries.get(owner)
    return entry && this.now() - entry.since < longestKeptMs ? entry : undefined
  }

  set(owner: string, open: OpenKey): void {
    this.entries.delete(owner)
    this.entries.set(owner, { ...open, since: this.now() })
    this.expire()
    this.sweep ??= setInterval(() => this.expire(), longestKeptMs / 4).unref()
  }

  forget(owner: string): void {
    this.entries.delete(owner)
  }

  /** Entries lie in the order they came: the first ones are the oldest. */
  private expire(): void {
    for (const [owner, { since }] of this.entries) {
      const isOld = this.now() - since >= longestKeptMs
      if (!isOld && this.entries.size <= mostKept) break
      this.entries.delete(owner)
    }
    if (this.entries.size > 0) return
    clearInterval(this.sweep)
    this.sweep = undefined
  }
}

export const mostKept = 5_000
export const longestKeptMs = 120_000

/** Takes a key over: the bytes that are given are overwritten. */
export function takeOver(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
