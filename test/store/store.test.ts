import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import type { Tx } from '../../src/store/tx.ts'
import { freshDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
})

afterAll(async () => {
  await store.close()
  await database.drop()
})

describe('database roles', () => {
  it('gives the research role no right on the identity vault', async () => {
    const look = store.transaction('research', (tx) => tx.query(sql`SELECT * FROM identity.sealed`))
    await expect(look).rejects.toThrow(/permission denied for schema identity/)
  })

  it('gives the research role no right to write clinical rows', async () => {
    const write = store.transaction('research', (tx) => tx.query(sql`DELETE FROM clinical.resource`))
    await expect(write).rejects.toThrow(/permission denied/)
  })

  it.each(['UPDATE audit.event SET body = body', 'DELETE FROM audit.event', 'TRUNCATE audit.event'])(
    'gives the audit role no right to %s',
    async (text) => {
      const change = store.transaction('audit', (tx) => tx.query({ ...sql``, text }))
      await expect(change).rejects.toThrow(/permission denied/)
    },
  )
})

describe('a transaction', () => {
  it('leaves nothing behind when its work throws', async () => {
    const half = store.transaction('care', async (tx) => {
      await tx.query(sql`INSERT INTO identity.data_key (owner, wrapped, key_version)
                         VALUES (gen_random_uuid(), '\\x00', 1)`)
      throw new TypeError('half way')
    })
    await expect(half).rejects.toThrow('half way')
    const [row] = await store.read('care', (tx) =>
      tx.query<{ n: string }>(sql`SELECT count(*) n FROM identity.data_key`),
    )
    expect(row?.n).toBe('0')
  })

  it('gives up a statement that takes longer than a reader waits, with 400', async () => {
    const sleep = (tx: Tx) => tx.query(sql`SELECT pg_sleep(30)`)
    await expect(store.snapshot('care', sleep, 50)).rejects.toMatchObject({
      status: 400,
      issues: [{ code: 'too-costly' }],
    })
    const settings = await store.snapshot('care', (tx) => tx.query(sql`SHOW statement_timeout`))
    expect(settings).toEqual([{ statement_timeout: '0' }])
  })

  it('streams rows in batches of the size asked', async () => {
    const sizes = await store.transaction('care', async (tx) => {
      const seen: number[] = []
      for await (const rows of tx.stream(sql`SELECT generate_series(1, ${10}::int) n`, 4))
        seen.push(rows.length)
      return seen
    })
    expect(sizes).toEqual([4, 4, 2])
  })
})

describe('sql', () => {
  it('renumbers the parameters of a fragment put inside another statement', () => {
    const inner = sql`b = ${2} AND c = ${3}`
    expect(sql`SELECT ${1} WHERE ${inner} AND d = ${4}`).toMatchObject({
      text: 'SELECT $1 WHERE b = $2 AND c = $3 AND d = $4',
      values: [1, 2, 3, 4],
    })
  })
})
