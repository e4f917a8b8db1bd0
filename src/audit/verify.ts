import type { Store } from '../store/store.ts'
import { readAnchors } from './anchor.ts'
import { eventMac, headerMac, noMac, parseTails, sameMac, type Tail } from './chain.ts'
import { selectEvents, selectHeaders, type EventRow, type HeaderRow } from './rows.ts'

/** The first thing wrong in a chain, and where. */
export interface Fault {
  /**
   * broken: changed, added or moved; missing: removed; stray: of a chain that was never begun; anchor: the
   * file outside the database cannot be read
   */
  readonly kind: 'broken' | 'missing' | 'stray' | 'anchor'
  /** UUID of the chain; `#` and its place when nothing else is left of it; name of the anchor's file */
  readonly chain: string
  /** of the event; 0: the chain itself */
  readonly sequence: number
}

export interface Verification {
  readonly chains: number
  readonly events: number
  /** of the events' own times */
  readonly first: Date | undefined
  readonly last: Date | undefined
  /** at most one per chain: what comes after a fault is not judged */
  readonly faults: readonly Fault[]
}

/**
 * Checks the stored trail: each event's place and content, each chain's begin, and each end against the
 * anchors and against what later chains witnessed. May run beside a working server.
 *
 * What it covers: every row of every chain, with the keyring's key, whoever changed the database. An end
 * that was cut is found where this data dir has the chain's anchor, or up to where a later chain saw it:
 * with several machines, run it on each.
 *
 * @param key `Keyring.derive(keyPurpose)`
 * @param anchors their folder
 * @param onEvents is told the number of events read so far
 */
export async function verify(
  store: Store,
  key: Buffer,
  anchors: string,
  onEvents: (events: number) => void = () => undefined,
): Promise<Verification> {
  // anchors first: a tail in the database is then never behind its anchor
  const ends = await readAnchors(anchors)
  return store.snapshot('audit', async (tx) => {
    const check = new TrailCheck(key, await selectHeaders(tx), ends)
    for await (const event of selectEvents(tx)) {
      check.event(event)
      if (check.events % 1000 === 0) onEvents(check.events)
    }
    onEvents(check.events)
    return check.end()
  })
}

/** The arithmetic of {@link verify}, without a database: feed it all events, chain by chain. */
export class TrailCheck {
  events = 0
  private first: Date | undefined
  private last: Date | undefined
  private readonly key: Buffer
  private readonly chains: ReadonlySet<string>
  /** what others know of a chain: the MAC at a sequence */
  private readonly known = new Map<string, Map<number, Buffer>>()
  private readonly faults = new Map<string, Fault>()
  private at: Tail | undefined

  constructor(key: Buffer, headers: readonly HeaderRow[], anchors: ReadonlyMap<string, Tail | undefined>) {
    this.key = key
    this.chains = new Set(headers.map((header) => header.chain))
    this.checkHeaders(headers)
    for (const [name, tail] of anchors) {
      if (tail) this.remember(tail)
      else this.faults.set(name, { kind: 'anchor', chain: name, sequence: 0 })
    }
    for (const chain of this.known.keys()) if (!this.chains.has(chain)) this.fault('missing', chain, 0)
  }

  event(event: EventRow): void {
    this.events += 1
    const { chain, recordedAt } = event
    if (!this.first || recordedAt < this.first) this.first = recordedAt
    if (!this.last || recordedAt > this.last) this.last = recordedAt
    if (this.at?.chain !== chain) this.at = { chain, sequence: 0, mac: noMac }
    if (!this.chains.has(chain)) this.fault('stray', chain, event.sequence)
    if (!this.faults.has(chain)) this.checkPlace(event, this.at)
    this.at = event
    this.known.get(chain)?.delete(event.sequence)
  }

  /** What is remembered of a chain and was not met by now is gone. */
  end(): Verification {
    for (const [chain, tails] of this.known) {
      const sequences = [...tails.keys()].filter((sequence) => sequence > 0)
      if (sequences.length > 0) this.fault('missing', chain, Math.min(...sequences))
    }
    const { events, first, last } = this
    return { chains: this.chains.size, events, first, last, faults: [...this.faults.values()] }
  }

  private checkPlace(event: EventRow, before: Tail): void {
    const { chain, sequence, mac } = event
    const next = before.sequence + 1
    if (sequence > next) return this.fault('missing', chain, next)
    if (sequence < next) return this.fault('broken', chain, sequence)
    if (!sameMac(mac, eventMac(this.key, event, before.mac))) return this.fault('broken', chain, sequence)
    const remembered = this.known.get(chain)?.get(sequence)
    if (remembered && !sameMac(mac, remembered)) this.fault('broken', chain, sequence)
  }

  /** What a header witnessed counts only once it is proved. */
  private checkHeaders(headers: readonly HeaderRow[]): void {
    let previous = noMac
    for (const [index, header] of headers.entries()) {
      if (header.ordinal > index + 1) return this.fault('missing', `#${index + 1}`, 0)
      const isTrue =
        header.ordinal === index + 1 && sameMac(header.mac, headerMac(this.key, header, previous))
      if (!isTrue) return this.fault('broken', header.chain, 0)
      for (const tail of parseTails(header.witnessed) ?? []) this.remember(tail)
      previous = header.mac
    }
  }

  private remember({ chain, sequence, mac }: Tail): void {
    const tails = this.known.get(chain) ?? new Map<number, Buffer>()
    this.known.set(chain, tails.set(sequence, mac))
  }

  private fault(kind: Fault['kind'], chain: string, sequence: number): void {
    if (!this.faults.has(chain)) this.faults.set(chain, { kind, chain, sequence })
  }
}
