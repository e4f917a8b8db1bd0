import { sql, type Sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import {
  headerMac,
  noMac,
  parseTails,
  printTails,
  type ChainedEvent,
  type ChainHeader,
  type Tail,
} from './chain.ts'

/** An event as it lies in `audit.event`. */
export interface EventRow extends ChainedEvent {
  readonly mac: Buffer
}

/** A chain's header as it lies in `audit.chain`. */
export interface HeaderRow extends ChainHeader {
  readonly mac: Buffer
}

/** Any number, as long as it stays the same: the advisory lock under which chains get their place. */
const openingLock = 4_207_849_485

/**
 * Begins a chain: gives it its place after all others, and witnesses how far these have come.
 *
 * @param chain a UUID that was never used
 */
export async function insertHeader(tx: Tx, key: Buffer, chain: string, startedAt: Date): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(${openingLock})`)
  const headers = await selectHeaders(tx)
  const last = headers.at(-1)
  const seen = new Map(
    headers
      .flatMap(({ witnessed }) => parseTails(witnessed) ?? [])
      .map((tail) => [tail.chain, tail.sequence]),
  )
  const grown = (await selectTails(tx)).filter((tail) => tail.sequence > (seen.get(tail.chain) ?? 0))
  const header = { chain, ordinal: (last?.ordinal ?? 0) + 1, startedAt, witnessed: printTails(grown) }
  const mac = headerMac(key, header, last?.mac ?? noMac)
  await tx.query(sql`
    INSERT INTO audit.chain (chain, ordinal, started_at, witnessed, mac)
    VALUES (${chain}, ${header.ordinal}, ${startedAt}, ${header.witnessed}, ${mac})`)
}

/** In the order of their ordinals. */
export async function selectHeaders(tx: Tx): Promise<HeaderRow[]> {
  const rows = await tx.query<{
    chain: string
    ordinal: string
    started_at: Date
    witnessed: string
    mac: Buffer
  }>(sql`SELECT chain, ordinal, started_at, witnessed, mac FROM audit.chain ORDER BY ordinal`)
  return rows.map(({ ordinal, started_at: startedAt, ...row }) => ({
    ...row,
    startedAt,
    ordinal: Number(ordinal),
  }))
}

async function selectTails(tx: Tx): Promise<Tail[]> {
  const rows = await tx.query<{ chain: string; sequence: string; mac: Buffer }>(sql`
    SELECT chain.chain, last.sequence, last.mac
    FROM audit.chain, LATERAL (
      SELECT sequence, mac FROM audit.event WHERE event.chain = chain.chain ORDER BY sequence DESC LIMIT 1
    ) last
    ORDER BY chain.ordinal`)
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }))
}

/** How far one chain has come. */
export async function selectTail(tx: Tx, chain: string): Promise<Tail> {
  const [last] = await tx.query<{ sequence: string; mac: Buffer }>(sql`
    SELECT sequence, mac FROM audit.event WHERE chain = ${chain} ORDER BY sequence DESC LIMIT 1`)
  return last ? { chain, sequence: Number(last.sequence), mac: last.mac } : { chain, sequence: 0, mac: noMac }
}

/** Adds events to one chain, by one statement. */
export async function insertEvents(tx: Tx, chain: string, events: readonly EventRow[]): Promise<void> {
  await tx.query(sql`
    INSERT INTO audit.event (chain, sequence, recorded_at, body, mac)
    SELECT ${chain}::uuid, * FROM unnest(
      ${events.map((event) => event.sequence)}::bigint[],
      ${events.map((event) => event.recordedAt)}::timestamptz[],
      ${events.map((event) => event.body)}::text[],
      ${events.map((event) => event.mac)}::bytea[])`)
}

/** All events, chain by chain, each in its order. */
export function selectEvents(tx: Tx): AsyncIterable<EventRow> {
  return streamEvents<StoredEvent & { readonly mac: Buffer }>(
    tx,
    sql`SELECT chain, sequence, recorded_at, body, mac FROM audit.event ORDER BY chain, sequence`,
  )
}

/** An event without its MAC, in the order of a report: newest first. */
export type ReportedEvent = Omit<EventRow, 'mac'>

/** An event as a statement gives it. */
interface StoredEvent {
  readonly chain: string
  readonly sequence: string
  readonly recorded_at: Date
  readonly body: string
}

/** A statement's rows as events: `chain, sequence, recorded_at, body`, and what else it selects. */
export async function* streamEvents<Row extends StoredEvent>(tx: Tx, statement: Sql) {
  for await (const rows of tx.stream<Row>(statement)) {
    for (const { sequence, recorded_at: recordedAt, ...row } of rows) {
      yield { ...row, recordedAt, sequence: Number(sequence) }
    }
  }
}

/**
 * The events about one of these subjects, newest first.
 *
 * @param subjects as `audit.subjects` names them: `Patient/{key}`, `export/{permit}`, `export/care`
 * @param period both ends belong to it
 */
export function selectEventsAbout(
  tx: Tx,
  subjects: readonly string[],
  { from, to }: { readonly from: Date; readonly to: Date },
): AsyncIterable<ReportedEvent> {
  return streamEvents(
    tx,
    sql`SELECT chain, sequence, recorded_at, body FROM audit.event
        WHERE audit.subjects(body) && ${subjects}::text[] AND recorded_at BETWEEN ${from} AND ${to}
        ORDER BY recorded_at DESC, chain DESC, sequence DESC`,
  )
}
