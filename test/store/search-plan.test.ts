import pg from 'pg'
import { matchingAmong } from '../../src/store/candidates.ts'
import type { PreparedQuery } from '../../src/store/prepared-query.ts'
import { estimate, search, type Cursor } from '../../src/store/search.ts'
import { sql, type Sql } from '../../src/store/sql.ts'
import type { Tx } from '../../src/store/tx.ts'
import { Searchable } from '../support/searchable.ts'

const patient = '11111111-1111-4111-8111-111111111111'
const code = 'http://loinc.org|2345-7'
let all: Searchable

beforeAll(async () => {
  all = await Searchable.with([{ resourceType: 'Patient', id: patient, identifier: [{ value: '4711' }] }])
  await fill(all.url)
})

afterAll(() => all.close())

/** 20,000 Observations, 100 of them of one patient, one in four with the code. */
async function fill(url: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  try {
    await owner.query(`
      INSERT INTO clinical.resource (type, id, patient, version, updated_at, date_low, date_high, tokens, body)
      SELECT 'Observation', 'o' || n, (CASE n % 200 WHEN 0 THEN '11111111-1111-4111-8111-111111111111' ELSE gen_random_uuid()::text END)::uuid, 1, now() - n * interval '1 second', n, n + 1,
             ARRAY[clinical.token('code|c|http://loinc.org|' || CASE n % 4 WHEN 0 THEN '2345-7' ELSE 'x' || n % 4 END)], '{}'
      FROM generate_series(1, 20000) AS n`)
    await owner.query('ANALYZE clinical.resource')
  } finally {
    await owner.end()
  }
}

/** What PostgreSQL means to do for a search, instead of doing it. */
function plan(text: string, after?: Cursor, scopes = 'system/*.rs'): Promise<string> {
  return explained(text, scopes, (tx, prepared) => search(tx, prepared, { after, limit: 20 }))
}

/** The same of whatever is asked of a query, for a token of the patient. */
function explained(
  text: string,
  scopes: string,
  ask: (tx: Tx, prepared: PreparedQuery) => Promise<unknown>,
): Promise<string> {
  const explain = async (tx: Tx, prepared: PreparedQuery) => {
    let lines: string[] = []
    const explaining: Tx = {
      query: async <Row extends object>(statement: Sql) => {
        const rows = await tx.query<{ 'QUERY PLAN': string }>(sql`EXPLAIN ${statement}`)
        lines = rows.map((row) => row['QUERY PLAN'])
        return [] as Row[]
      },
      stream: (statement, batch) => tx.stream(statement, batch),
      afterCommit: (remember) => tx.afterCommit(remember),
      vault: tx.vault,
    }
    await ask(explaining, prepared)
    return lines.join('\n')
  }
  return all.prepared(text, scopes, explain, patient)
}

describe('The plan of a search', () => {
  it('for the last results of a patient goes by the patient, whose rows are few', async () => {
    const text = await plan(`Observation?patient=${patient}&code=${code}&_sort=-date&_count=20`)
    expect(text).toMatch(/resource_observation_patient_type_date_low_idx/)
    expect(text).not.toMatch(/Seq Scan/)
  })

  it.each(['_lastUpdated', '-_lastUpdated'])('by %s begins where the page before ended', async (key) => {
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
    const text = await plan(`Observation?_sort=${key}`, [hourAgo, 'Observation', 'o3600'])
    expect(text).toMatch(/resource_observation_type_updated_at_id_idx/)
    expect(text).toMatch(/Index Cond:.*updated_at [<>]=/)
  })

  it('for a number or a name goes by the few ids that have it', async () => {
    const text = await plan('Patient?identifier=4711')
    expect(text).toMatch(/id = ANY \(\(InitPlan/)
  })
})

describe('The plan under scopes', () => {
  const read = (scopes: string) =>
    explained('Observation', scopes, (tx, prepared) => matchingAmong(tx, prepared, ['o200']))

  it.each([
    'patient/*.rs',
    `patient/Observation.rs?code=${code}`,
    `patient/Observation.rs user/Observation.rs?code=${code}`,
  ])('for a read with %s is a look into one index', async (scopes) => {
    const text = await read(scopes)
    expect(text).toMatch(/Index Cond:.*id/)
    expect(text).not.toMatch(/Seq Scan/)
  })

  it('for a search with patient/ scopes alone goes by the patient', async () => {
    const text = await plan('Observation?_sort=-date', undefined, `patient/Observation.rs?code=${code}`)
    expect(text).toMatch(/patient/)
    expect(text).not.toMatch(/Seq Scan/)
  })

  it('has no condition of a plain scope beside narrower ones', async () => {
    const narrow = `patient/Observation.rs user/Observation.rs?code=${code}`
    const search = `Observation?code=${code}&_sort=_lastUpdated`
    expect(await plan(search, undefined, `system/*.rs ${narrow}`)).toBe(await plan(search))
  })
})

describe('An estimate', () => {
  const estimated = (text: string, scope: string) =>
    all.prepared(text, scope, (tx, prepared) => estimate(tx, prepared))

  it('of many comes from what the planner knows', async () => {
    const n = await estimated(`Observation?code=${code}`, 'system/*.rs')
    expect(n).toBeGreaterThan(4000)
    expect(n).toBeLessThan(6000)
  })

  it('of few is a count', async () => {
    expect(await estimated(`Observation?patient=${patient}`, 'system/*.rs')).toBe(100)
    expect(await estimated('Observation?code=none', 'system/*.rs')).toBe(0)
  })

  it('is a count where the caller may not see all, whom the table as a whole is not to be told', async () => {
    expect(await estimated('Observation', `system/Observation.rs?code=${code}`)).toBe(5000)
  })
})
