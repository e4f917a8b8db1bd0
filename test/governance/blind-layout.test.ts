import { layBlindAnew } from '../../src/reindex/blind-layout.ts'
import { sql } from '../../src/store/sql.ts'
import { careWorld, patient } from '../export/world.ts'

/** A database that an earlier version wrote: its rows have other numbers, and it says so. */
const world = await careWorld()
const { store, gate } = world

beforeAll(async () => {
  await world.write(['a', 'b', 'c'].map((id) => patient(id, { name: [{ family: `Kerouanton-${id}` }] })))
  await store.transaction('care', async (tx) => {
    await tx.vault.query(
      sql`CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT type, id, patient, seal FROM identity.blind_index`,
    )
    await tx.vault.query(sql`DELETE FROM identity.blind_index`)
    await tx.vault.query(
      sql`INSERT INTO identity.blind_index (type, id, patient, seal, tokens)
          SELECT type, id, patient, seal, ARRAY[1]::bigint[] FROM kept`,
    )
    await tx.vault.query(sql`UPDATE identity.blind_layout SET version = 1`)
  })
})

afterAll(() => world.close())

const rows = () =>
  store.read('care', (tx) =>
    tx.vault.query<{ tokens: number; version: number }>(
      sql`SELECT cardinality(tokens) AS tokens, (SELECT version FROM identity.blind_layout) AS version
          FROM identity.blind_index`,
    ),
  )

describe('A blind index of an earlier layout', () => {
  it('is laid anew before anything is answered, and once only', async () => {
    expect(await rows()).toEqual(Array.from({ length: 3 }, () => ({ tokens: 1, version: 1 })))
    const reported: number[] = []
    await layBlindAnew(store, gate, (done) => void reported.push(done))
    await layBlindAnew(store, gate, (done) => void reported.push(done))
    expect(reported).toEqual([3])
    const laid = await rows()
    expect(laid).toHaveLength(3)
    for (const row of laid) {
      expect(row.version).toBe(2)
      expect(row.tokens).toBeGreaterThan(5)
    }
  })
})
