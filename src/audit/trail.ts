import type { OnApplicationShutdown } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { FhirError } from '../fhir/outcome.ts'
import type { Store } from '../store/store.ts'
import { Anchor } from './anchor.ts'
import { auditEvent } from './audit-event.ts'
import type { AuditedAccess } from './audited-access.ts'
import { eventMac, noMac, type Tail } from './chain.ts'
import { insertEvents, insertHeader, selectTail, type EventRow } from './rows.ts'

export type { AuditedAccess, AuditedEntity } from './audited-access.ts'

/** Where and how a process keeps its trail. */
export interface TrailOptions {
  readonly store: Store
  /** `Keyring.derive(keyPurpose)` */
  readonly key: Buffer
  /** folder of the anchors */
  readonly anchors: string
  /** where clients reach this server, without a trailing slash */
  readonly publicUrl: string
}

/** Events in one INSERT: about a megabyte. */
const largestBatch = 500
/** Beyond so many waiting events, who comes next waits before a text is made of his. */
const longestQueue = 5000

interface Waiting {
  readonly recordedAt: Date
  readonly body: string
  resolve(): void
  reject(reason: unknown): void
}

/**
 * The trail of one process. Events that come while a commit is under way are written together by the
 * next one, so that the cost of a commit is shared by all who wait for it.
 */
export class Trail implements OnApplicationShutdown {
  private readonly options: TrailOptions
  private readonly anchor: Anchor
  private tail: Tail
  /** the last write failed, and may have been committed or not */
  private isTailKnown = true
  private readonly queue: Waiting[] = []
  private isWriting = false
  /** resolves when the batch that is being written has been */
  private written: Promise<void> = Promise.resolve()

  private constructor(options: TrailOptions, anchor: Anchor, chain: string) {
    this.options = options
    this.anchor = anchor
    this.tail = { chain, sequence: 0, mac: noMac }
  }

  /** Begins this process's chain. */
  static async open(options: TrailOptions): Promise<Trail> {
    const chain = randomUUID()
    const startedAt = new Date()
    await options.store.transaction('audit', (tx) => insertHeader(tx, options.key, chain, startedAt))
    return new Trail(options, await Anchor.create(options.anchors, chain), chain)
  }

  /**
   * Puts an access on record. When this resolves, the event is durable; what was accessed may be
   * handed out then, and not before.
   *
   * @throws FhirError 503 when the trail cannot be written; the access must fail with it
   */
  async record(access: AuditedAccess): Promise<void> {
    while (this.queue.length >= longestQueue) await this.written
    const body = JSON.stringify(auditEvent(access, this.options.publicUrl))
    await new Promise<void>((resolve, reject) => {
      this.queue.push({ recordedAt: access.at, body, resolve, reject })
      if (!this.isWriting) void this.writeAll()
    })
  }

  /** Writes what is still waiting; nothing may be recorded afterwards. */
  async close(): Promise<void> {
    while (this.isWriting) await this.written
    await this.anchor.close()
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close()
  }

  /** Writes batch after batch until nobody waits. Never rejects. */
  private async writeAll(): Promise<void> {
    this.isWriting = true
    while (this.queue.length > 0) {
      this.written = this.write(this.queue.splice(0, largestBatch))
      await this.written
    }
    this.isWriting = false
  }

  /** Never rejects: those who wait are told. */
  private async write(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.append(batch)
      for (const one of batch) one.resolve()
    } catch (cause) {
      this.isTailKnown = false
      const error = FhirError.later(503, 'the audit trail cannot be written', 5)
      error.cause = cause
      for (const one of batch) one.reject(error)
    }
  }

  private async append(batch: readonly Waiting[]): Promise<void> {
    const { store } = this.options
    const tail = await store.transaction('audit', async (tx) => {
      const last = this.isTailKnown ? this.tail : await selectTail(tx, this.tail.chain)
      const events = this.chained(batch, last)
      await insertEvents(tx, last.chain, events)
      return events.at(-1) ?? last
    })
    this.tail = tail
    this.isTailKnown = true
    await this.anchor.set(tail)
  }

  private chained(batch: readonly Waiting[], last: Tail): EventRow[] {
    const { chain } = last
    let { sequence, mac } = last
    return batch.map(({ recordedAt, body }) => {
      sequence += 1
      mac = eventMac(this.options.key, { chain, sequence, recordedAt, body }, mac)
      return { chain, sequence, recordedAt, body, mac }
    })
  }
}
