import pg from 'pg'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FhirError } from '../../src/fhir/outcome.ts'
import { Trail } from '../../src/audit/trail.ts'
import { verify } from '../../src/audit/verify.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'
import { audited, key, publicUrl } from './support.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store
let owner: pg.Client
let anchors: string

beforeEach(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
  owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
  anchors = mkdtempSync(join(tmpdir(), 'coffre-anchors-'))
})

afterEach(async () => {
  await owner.end()
  await store.close()
  await database.drop()
  rmSync(anchors, { recursive: true })
})

const openTrail = (folder = anchors) => Trail.open({ store, key, anchors: folder, publicUrl })
const read = (id: string) => audited({ entities: [{ type: 'Observation', id }] })
const recorded = async () => {
  const { rows } = await owner.query<{ sequence: string; body: string; transaction: string }>(
    'SELECT sequence, body, xmin::text AS transaction FROM audit.event ORDER BY chain, sequence',
  )
  return rows
}

describe('recording', () => {
  it('has the event in the database when it resolves', async () => {
    const trail = await openTrail()
    await trail.record(read('glucose-1'))
    expect((await recorded()).map(({ body }) => body)).toEqual([expect.stringContaining('glucose-1')])
    await trail.close()
  })

  it('writes the events of concurrent requests by few commits, each once and in the order they came', async () => {
    const trail = await openTrail()
    const ids = Array.from({ length: 1200 }, (_, index) => `o-${index}`)
    await Promise.all(ids.map((id) => trail.record(read(id))))
    const rows = await recorded()
    expect(rows.map(({ sequence }) => Number(sequence))).toEqual(ids.map((_, index) => index + 1))
    expect(rows.map(({ body }) => /Observation\/(o-\d+)/.exec(body)?.[1])).toEqual(ids)
    expect(new Set(rows.map(({ transaction }) => transaction)).size).toBeLessThan(10)
    await trail.close()
  })

  it('drops none when more wait than the queue holds', async () => {
    const trail = await openTrail()
    await Promise.all(Array.from({ length: 6000 }, (_, index) => trail.record(read(`o-${index}`))))
    await trail.close()
    expect(await verify(store, key, anchors)).toMatchObject({ events: 6000, faults: [] })
  })

  it('fails with 503 when the trail cannot be written, and goes on without a gap when it can again', async () => {
    const trail = await openTrail()
    await trail.record(read('before'))
    await owner.query('ALTER TABLE audit.event RENAME TO elsewhere')
    const refused = await trail.record(read('lost')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(FhirError)
    expect(refused).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } })
    await owner.query('ALTER TABLE audit.elsewhere RENAME TO event')
    await trail.record(read('after'))
    expect((await recorded()).map(({ body }) => /Observation\/(\w+)/.exec(body)?.[1])).toEqual([
      'before',
      'after',
    ])
    await trail.close()
    expect((await verify(store, key, anchors)).faults).toEqual([])
  })

  it('goes on after a connection that was cut, whether or not the commit had arrived', async () => {
    const trail = await openTrail()
    let failures = 0
    for (let round = 0; round < 20; round++) {
      const writing = Promise.allSettled(
        Array.from({ length: 50 }, (_, n) => trail.record(read(`r${round}-${n}`))),
      )
      await owner.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'coffre-audit'`,
      )
      failures += (await writing).filter(({ status }) => status === 'rejected').length
    }
    await trail.record(read('last'))
    await trail.close()
    const { events, faults } = await verify(store, key, anchors)
    expect(faults).toEqual([])
    // who was told yes is on record; who was told no may be
    expect(events).toBeGreaterThanOrEqual(20 * 50 - failures + 1)
  })

  it('writes what still waits before the application ends', async () => {
    const trail = await openTrail()
    const writing = Promise.all(Array.from({ length: 700 }, (_, n) => trail.record(read(`o-${n}`))))
    await trail.onApplicationShutdown()
    await writing
    expect(await recorded()).toHaveLength(700)
  })
})

describe('chains', () => {
  it('are one for each process, in one order, though many begin at once', async () => {
    const trails = await Promise.all(Array.from({ length: 8 }, () => openTrail()))
    await Promise.all(
      trails.flatMap((trail, t) => Array.from({ length: 20 }, (_, n) => trail.record(read(`o-${t}-${n}`)))),
    )
    await Promise.all(trails.map((trail) => trail.close()))
    expect(await verify(store, key, anchors)).toMatchObject({ chains: 8, events: 160, faults: [] })
    expect(readdirSync(anchors)).toHaveLength(8)
  })

  it('verify while they are being written', async () => {
    const trail = await openTrail()
    const writing = (async () => {
      for (let n = 0; n < 300; n++) await trail.record(read(`o-${n}`))
    })()
    for (let n = 0; n < 10; n++) expect((await verify(store, key, anchors)).faults).toEqual([])
    await writing
    await trail.close()
  })

  it('do not verify under another keyring', async () => {
    const trail = await openTrail()
    await trail.record(read('glucose-1'))
    await trail.close()
    expect((await verify(store, Buffer.alloc(32, 8), anchors)).faults).not.toEqual([])
  })
})
