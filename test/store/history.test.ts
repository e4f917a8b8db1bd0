import pg from 'pg'
import { history } from '../../src/store/history.ts'
import { nilPatient } from '../../src/store/row.ts'
import type { Sql } from '../../src/store/sql.ts'
import type { Tx } from '../../src/store/tx.ts'
import { freshDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let owner: pg.Client

beforeAll(async () => {
  database = await freshDatabase()
  owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
  await owner.query(
    `INSERT INTO clinical.resource (type, id, patient, version, updated_at, tokens, body)
     SELECT 'Observation', 'o' || n, '${nilPatient}', 2, now() - n * interval '1 s', '{}', '{}'
     FROM generate_series(1, 10000) n`,
  )
  await owner.query(
    `INSERT INTO clinical.history (type, id, patient, version, updated_at, method, body)
     SELECT 'Observation', 'o' || n, '${nilPatient}', 1, now() - n * interval '2 s', 'POST', '{}'
     FROM generate_series(1, 10000) n`,
  )
  await owner.query('ANALYZE clinical.resource, clinical.history')
})

afterAll(async () => {
  await owner.end()
  await database.drop()
})

describe('a page of a history', () => {
  const before = { updatedAt: new Date(), type: 'Observation', id: 'o5', version: 2 }

  it.each([
    ['of a type', ['Observation'], {}],
    ['of several types', ['Observation', 'Patient'], {}],
    ['that follows another', ['Observation'], { before }],
    ['of a time', ['Observation'], { at: [Date.now() - 5000_000, Date.now()] as const }],
  ])('%s comes from the indexes on time, however long the history is', async (_what, types, page) => {
    const plans: string[] = []
    const explain = async ({ text, values }: Sql): Promise<never[]> => {
      const { rows } = await owner.query<Record<string, string>>(`EXPLAIN ${text}`, [...values])
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      return []
    }
    await history({ query: explain } as unknown as Tx, [{ types }], { limit: 51, ...page })
    expect(plans[0]).toContain('Index Scan Backward using resource_observation_type_updated_at_id_idx')
    expect(plans[0]).toContain('Index Scan Backward using history_type_updated_at_idx')
    expect(plans[0]).not.toContain('Seq Scan on history')
  })
})
