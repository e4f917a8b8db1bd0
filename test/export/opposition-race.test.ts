import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { exported, kickoff, lines, manifestOf } from './bulk-client.ts'
import { observation, patient } from './world.ts'
import { signIn, usersFile } from '../support/people.ts'
import { grantPermit } from '../support/permit.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** How often a patient opposes while an export runs; `FAULTS=200` for the long run. */
const rounds = Number(process.env['FAULTS'] ?? 4)
const people = {
  ...{ rene: ['requester'], claire: ['committee'], diane: ['director'], nadia: ['requester'], dora: ['dpo'] },
}
const patients = Array.from({ length: rounds + 10 }, (_, n) => `IPP-${n}`)
/** in the record of one patient alone */
const valueOf = (n: number) => 1000 + n

let server: TestServer
let owner: pg.Client

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: usersFile(people) })
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  const care = await server.client()
  const entry = patients.flatMap((id, n) => {
    const quantity = { value: valueOf(n), system: 'http://unitsofmeasure.org', code: 'mmol/L' }
    return [
      { resource: patient(id), request: { method: 'PUT', url: `Patient/${id}` } },
      {
        resource: { ...observation(`${id}-o`, id), valueQuantity: quantity },
        request: { method: 'PUT', url: `Observation/${id}-o` },
      },
    ]
  })
  await care.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }).expect(200)
}, 60_000)

afterAll(async () => {
  await owner.end()
  await server.close()
})

it('lets no finished export hold a patient who opposed, whenever they did', async () => {
  const base = await grantPermit(
    server,
    ['Patient?gender=female'],
    [{ type: 'Patient' }, { type: 'Observation' }],
  )
  const client = await server.client('system/*.rs', base)
  const dora = await signIn(server, 'dora')
  const { manifest } = await exported(client, `${base}/$export`)
  expect(await lines(client, manifest.output)).toHaveLength(patients.length * 2)
  let finished = 0
  for (let n = 0; n < rounds; n++) {
    const job = (await kickoff(client, `${base}/$export`).expect(202)).headers['content-location'] as string
    // from before it is planned to after it is done
    await sleep((400 * n) / Math.max(1, rounds - 1))
    await dora.post('/governance/oppositions', { patient: `IPP-${n}` }).expect(201)
    const ended = await manifestOf(client, job).catch(() => undefined)
    if (!ended) continue
    finished += 1
    const said = JSON.stringify(await lines(client, ended.output))
    expect(said).not.toContain(`"value":${valueOf(n)}`)
  }
  const left = await owner.query(`SELECT FROM export.job WHERE state IN ('accepted', 'running')`)
  expect([finished <= rounds, left.rowCount]).toEqual([true, 0])
  const last = await exported(client, `${base}/$export`)
  expect(await lines(client, last.manifest.output)).toHaveLength((patients.length - rounds) * 2)
}, 120_000)

it('grants no cohort a member who opposed while it was frozen', async () => {
  const dora = await signIn(server, 'dora')
  const n = rounds + 1
  const granted = grantPermit(server, ['Patient?gender=female'], [{ type: 'Patient' }])
  // the grant has read the cohort, and is not committed, when the opposition comes, or the other way round
  await sleep(150)
  await dora.post('/governance/oppositions', { patient: `IPP-${n}` }).expect(201)
  await granted
  const members = await owner.query(
    `SELECT FROM governance.permit_member m JOIN governance.opposition o USING (patient) WHERE o.lifted_at IS NULL`,
  )
  expect(members.rowCount).toBe(0)
})
