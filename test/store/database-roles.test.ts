import pg from 'pg'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshDatabase } from '../support/database.ts'
import { functionLines, policyLines, tableLines } from '../support/database-roles.ts'

/** The catalogue of a fresh database against docs/database-roles.md. */
const document = readFileSync(join(import.meta.dirname, '../../docs/database-roles.md'), 'utf8')

/** Rows of the tables under a heading. @param cells of each row that are the catalogue's; what follows is for readers */
function documented(heading: string, cells: number): string[] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => `${row.split(' | ').slice(0, cells).join(' | ').replace(/ \|$/, '')} |`)
}

let database: Awaited<ReturnType<typeof freshDatabase>>
let owner: pg.Client

beforeAll(async () => {
  database = await freshDatabase()
  owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
})

afterAll(async () => {
  await owner.end()
  await database.drop()
})

/** Runs statements as a role, and takes them back. */
async function as(role: string, statements: string): Promise<unknown> {
  try {
    return await owner.query(`BEGIN; SET LOCAL ROLE ${role}; ${statements}`)
  } finally {
    await owner.query('ROLLBACK')
  }
}

describe('the four roles of the database', () => {
  it('have on each table the rights that are written down, and nobody else has any', async () => {
    expect(await tableLines(owner)).toEqual(documented('Tables', 5))
  })

  it('may call the functions that are written down', async () => {
    expect(await functionLines(owner)).toEqual(documented('Functions', 3))
  })

  it('see of a table’s rows what its policies that are written down say', async () => {
    expect(await policyLines(owner)).toEqual(documented('Row-level security', 4))
  })

  it('cannot log in, nor pass by a policy, nor become one another but care the vault', async () => {
    const { rows } = await owner.query<{ role: string; may: boolean; into: string[] }>(`
      SELECT rolname AS role, rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS may,
        ARRAY(SELECT other.rolname::text FROM pg_roles other
              WHERE other.rolname <> r.rolname AND pg_has_role(r.oid, other.oid, 'MEMBER')) AS into
      FROM pg_roles r WHERE rolname LIKE 'coffre\\_%' ORDER BY 1`)
    expect(rows).toEqual([
      { role: 'coffre_audit', may: false, into: [] },
      { role: 'coffre_care', may: false, into: ['coffre_identity'] },
      { role: 'coffre_identity', may: false, into: [] },
      { role: 'coffre_research', may: false, into: [] },
    ])
  })

  it('create nothing in a schema', async () => {
    const { rows } = await owner.query(`
      SELECT nspname FROM pg_namespace n, pg_roles r
      WHERE r.rolname LIKE 'coffre\\_%' AND nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE')`)
    expect(rows).toEqual([])
  })

  it('cannot have a trigger of ours act for them on a table of their own', async () => {
    const hang = `CREATE TEMP TABLE opposition (patient uuid);
      CREATE TRIGGER t AFTER INSERT ON opposition FOR EACH ROW EXECUTE FUNCTION governance.leave_cohorts()`
    for (const role of ['coffre_research', 'coffre_care'])
      await expect(as(role, hang)).rejects.toThrow(/permission denied for function governance\.leave_cohorts/)
  })
  it('see, as research, the cohort of the permit that the transaction reads for, and no other', async () => {
    const cohorts = `SET LOCAL session_replication_role = replica;
      INSERT INTO governance.permit_member (permit, patient, pseudonym, shift_days, secret)
        SELECT permit, gen_random_uuid(), permit, 1, '' FROM unnest(ARRAY['one', 'two']) AS permit`
    const seen = async (setting: string) => {
      await owner.query(`BEGIN; ${cohorts}; SET LOCAL ROLE coffre_research; ${setting}`)
      const { rows } = await owner.query<{ permit: string }>('SELECT permit FROM governance.permit_member')
      await owner.query('ROLLBACK')
      return rows.map(({ permit }) => permit)
    }
    expect(await seen(`SET LOCAL coffre.permit = 'one'`)).toEqual(['one'])
    expect(await seen(`SET LOCAL coffre.permit = 'none'`)).toEqual([])
    expect(await seen('')).toEqual([])
  })
})

describe('the trail', () => {
  it.each(['UPDATE audit.event SET body = body', 'DELETE FROM audit.chain', 'TRUNCATE audit.event'])(
    'refuses even its owner to %s',
    async (change) => {
      await expect(owner.query(change)).rejects.toMatchObject({ constraint: 'append_only' })
    },
  )
})
