import { Injectable } from '@nestjs/common'
import { FhirError, issue } from '../../fhir/outcome.ts'

/** A hospital is behind one address: what thousands of people mistype in a morning must fit. */
export const failuresOfAddress = 100
const windowMs = 15 * 60_000
/** Beyond so many the one that failed first is forgotten. */
const addressesRemembered = 10_000

interface Failures {
  readonly since: number
  readonly count: number
}

/** How often sign-ins from one network address may fail, whatever names they try; of this process alone. */
@Injectable()
export class AddressLimit {
  private readonly failures = new Map<string, Failures>()

  /** @throws FhirError 429 with `Retry-After` when too many have failed from there */
  demand(ip: string | undefined, now = Date.now()): void {
    const { since, count } = this.of(ip ?? '', now)
    if (count < failuresOfAddress) return
    const seconds = Math.ceil((since + windowMs - now) / 1000)
    const throttled = issue('throttled', 'too many attempts to sign in from this address')
    throw new FhirError(429, [throttled], { 'Retry-After': String(seconds) })
  }

  failed(ip: string | undefined, now = Date.now()): void {
    const { since, count } = this.of(ip ?? '', now)
    this.failures.set(ip ?? '', { since, count: count + 1 })
    if (this.failures.size <= addressesRemembered) return
    const [oldest] = this.failures.keys()
    if (oldest !== undefined) this.failures.delete(oldest)
  }

  private of(ip: string, now: number): Failures {
    const known = this.failures.get(ip)
    if (known && known.since + windowMs > now) return known
    this.failures.delete(ip)
    return { since: now, count: 0 }
  }
}
