import { longestKeptMs } from './key-cache.ts'

interface Entry<Value> {
  readonly value: Value
  readonly since: number
}

/**
 * A map that keeps the entries last used and forgets the others; and each of them after two minutes, as
 * data keys are: what was erased elsewhere is remembered here no longer than that.
 */
export class RecentMap<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>()
  private readonly limit: number
  private readonly now: () => number

  /** @param now milliseconds that never go back */
  constructor(limit: number, now: () => number = () => performance.now()) {
    this.limit = limit
    this.now = now
  }

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    this.entries.delete(key)
    if (this.now() - entry.since >= longestKeptMs) return undefined
    this.entries.set(key, entry)
    return entry.value
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key)
    this.entries.set(key, { value, since: this.now() })
    if (this.entries.size > this.limit) {
      const oldest = this.entries.keys().next()
      if (!oldest.done) this.entries.delete(oldest.value)
    }
  }

  delete(key: Key): void {
    this.entries.delete(key)
  }
}
