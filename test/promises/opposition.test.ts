import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Resource } from '../../src/fhir/json.ts'
import { exported, kickoff, lines } from '../export/bulk-client.ts'
import { observation, patient } from '../export/world.ts'
import { signIn, usersFile, type SignedIn } from '../support/people.ts'
import { grantPermit } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * A patient opts out in the middle of everything; then every channel of research is looked through for
 * their pseudonym and for a value that is in their record alone.
 */
const seeded = 'IPP-7'
/** of the seeded patient's creatinine, and of nobody else's */
const value = 7.7531
const people = {
  ...{ rene: ['requester'], claire: ['committee'], diane: ['director'], nadia: ['requester'] },
  ...{ dora: ['dpo'], stella: ['steward'] },
}
const cohort = ['Patient?gender=female']
const data = [{ type: 'Patient' }, { type: 'Observation' }]

let server: TestServer
let owner: pg.Client
let care: Client
let dpo: SignedIn
let base: string
let client: Client
let pseudonym: string
let resourceId: string
const before = { job: '', file: '', running: '', async: '', next: '' }
let opposition: { id: string; patient: string; source: string }

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: usersFile(people) })
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  care = await server.client()
  dpo = await signIn(server, 'dora')
  for (let n = 0; n < 14; n++) await write(`IPP-${n}`, n === 7 ? value : 1 + n)
  base = await grantPermit(server, cohort, data)
  client = await server.client('system/*.rs', base)
  await useEverything()
  const taken = await (
    await signIn(server, 'stella')
  )
    .post('/governance/oppositions', { identifier: { system: 'urn:ipp', value: `n-${seeded}` } })
    .expect(201)
  opposition = taken.body
}, 60_000)

afterAll(async () => {
  await owner.end()
  await server.close()
})

async function write(id: string, quantity: number, more: object = {}): Promise<void> {
  const identifier = [{ system: 'urn:ipp', value: `n-${id}` }]
  await care.put(`/fhir/Patient/${id}`, patient(id, { identifier, ...more }))
  await care.put(`/fhir/Observation/${id}-o`, {
    ...observation(`${id}-o`, id),
    valueQuantity: { value: quantity, system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  })
}

async function useEverything(): Promise<void> {
  const found = await client.get(`${base}/Observation?_count=100`).expect(200)
  const own = (found.body as { entry: { resource: Resource }[] }).entry.find(({ resource }) =>
    JSON.stringify(resource).includes(String(value)),
  )
  if (!own) throw new Error('the seeded patient is not in the release')
  resourceId = String(own.resource['id'])
  pseudonym = resourceId.split('-')[0] ?? ''
  const { manifest, job } = await exported(client, `${base}/$export`)
  Object.assign(before, { job, file: manifest.output[0]?.url })
  const asked = await client.get(`${base}/Observation?_count=100`).set('Prefer', 'respond-async').expect(202)
  before.async = String(asked.headers['content-location'])
  while ((await client.get(before.async)).status === 202);
  const page = await client.get(`${base}/Patient?_count=2`).expect(200)
  const next = (page.body as { link: { relation: string; url: string }[] }).link.find(
    ({ relation }) => relation === 'next',
  )
  const running = (await kickoff(client, `${base}/$export`)).headers['content-location'] as string
  Object.assign(before, { next: next?.url, running })
}

const rows = async <Row extends object>(text: string, values: unknown[] = []) =>
  (await owner.query<Row>(text, values)).rows

/** All that the research base says, in every form it has. */
async function everything(at: string, by: Client): Promise<string> {
  const paths = [
    ...[
      'Patient?_count=100',
      'Observation?_count=100',
      'Observation?code=2160-0',
      '?_type=Patient,Observation',
    ],
    ...['Patient?_summary=count', 'Observation?_include=Observation:subject&_count=100'],
    ...['Patient?_revinclude=Observation:subject&_count=100', `Group/${at.split('/')[2]}`, 'metadata'],
    ...[`Patient/${pseudonym}`, `Observation/${resourceId}`],
  ]
  const answers = []
  for (const path of paths) answers.push((await by.get(`${at}/${path}`)).text)
  const { manifest } = await exported(by, `${at}/$export`)
  return [...answers, ...(await lines(by, manifest.output)).map((line) => JSON.stringify(line))].join('\n')
}

describe('a patient who opposes', () => {
  it('is taken by whoever takes it in, by an identifier, without a reason', () => {
    expect(opposition).toMatchObject({ patient: seeded, source: 'desk', takenBy: 'stella' })
  })

  it('is in no answer, no count and no new export of the permits that held them', async () => {
    const said = await everything(base, client)
    expect(said).not.toContain(String(value))
    expect(said).not.toContain(pseudonym)
    const asked = await client.get(`${base}/Observation?subject=Patient/${pseudonym}`).expect(200)
    expect(asked.body).toMatchObject({ total: 0 })
    const count = await client.get(`${base}/Patient?_summary=count`).expect(200)
    expect((count.body as { total: number }).total).toBe(13)
  })

  it('answers their ids as ids that never were', async () => {
    const gone = await client.get(`${base}/Patient/${pseudonym}`)
    const never = await client.get(`${base}/Patient/${'0'.repeat(pseudonym.length)}`)
    expect([gone.status, gone.body]).toEqual([404, never.body])
    expect((await client.get(`${base}/Observation/${resourceId}`)).status).toBe(404)
  })

  it('closes the finished safe and forgets the answers that waited', async () => {
    expect((await client.get(before.job)).status).toBe(404)
    expect((await client.get(before.file)).status).toBe(404)
    expect((await client.get(before.async)).status).toBe(404)
    expect((await client.get(before.next)).text).not.toContain(pseudonym)
    expect(
      await rows(`SELECT FROM export.safe WHERE wrapped IS NOT NULL AND created_at <
                       (SELECT taken_at FROM governance.opposition)`),
    ).toEqual([])
  })

  it('ends the running export, and says to start it again', async () => {
    const status = await client.get(before.running)
    // a job that was faster than the opposition was closed as a finished one
    expect([404, 500]).toContain(status.status)
    if (status.status === 500) expect(status.text).toContain('start the export again')
  })

  it('leaves nothing of the finished safes on the disk', async () => {
    const open = await rows<{ id: string }>('SELECT id FROM export.safe WHERE wrapped IS NOT NULL')
    const there = readdirSync(join(server.settings.dataDir, 'safes'))
    expect(there.filter((safe) => !open.some(({ id }) => id === safe))).toEqual([])
  })

  it('leaves the frozen cohort, and with it the way from pseudonym to patient', async () => {
    expect(await rows('SELECT FROM governance.permit_member WHERE pseudonym = $1', [pseudonym])).toEqual([])
  })

  it('is in no new cohort and no feasibility count', async () => {
    const rene = await signIn(server, 'rene')
    const draft = await rene.post('/governance/requests', {
      ...{ title: 'a', purpose: 'b', purposeCategory: 'scientific-research', cohort },
      data: [{ type: 'Patient', typeFilters: [], justification: 'c' }],
      expiresOn: new Date(Date.now() + 9e9).toISOString().slice(0, 10),
    })
    const path = `/governance/requests/${(draft.body as { id: string }).id}/feasibility`
    expect((await rene.get(path).expect(200)).body).toEqual({ patients: '13' })
    const other = await grantPermit(server, cohort, data)
    const said = await everything(other, await server.client('system/*.rs', other))
    expect(said).not.toContain(String(value))
  })

  it('is read by care as before', async () => {
    const read = await care.get(`/fhir/Patient/${seeded}`).expect(200)
    expect(read.body).toMatchObject({ id: seeded, name: [{ family: seeded }] })
    const found = await care.get(`/fhir/Observation?patient=${seeded}`).expect(200)
    expect((found.body as { total: number }).total).toBe(1)
  })

  it('cannot be put back into a cohort, by whoever holds the database', async () => {
    const [key] = await rows<{ patient: string }>('SELECT patient FROM governance.opposition')
    await expect(
      owner.query(
        `INSERT INTO governance.permit_member SELECT permit, $1, 'zzzz', 7, '' FROM governance.permit_member LIMIT 1`,
        [key?.patient],
      ),
    ).rejects.toMatchObject({ constraint: 'permit_member_frozen' })
  })

  it('puts the opposition on record by patient, and each permit that was left without', async () => {
    const events = (await rows<{ body: string }>('SELECT body FROM audit.event')).map(
      ({ body }) =>
        JSON.parse(body) as { subtype: { code: string }[]; entity: { what?: { reference?: string } }[] },
    )
    const of = (interaction: string) =>
      events
        .filter(({ subtype }) => subtype.some(({ code }) => code === interaction))
        .map((one) => JSON.stringify(one))
    const [key] = await rows<{ patient: string }>('SELECT patient FROM governance.opposition')
    expect(of('opposition-take')).toHaveLength(1)
    expect(of('opposition-take')[0]).toContain(`Patient/${key?.patient ?? ''}`)
    expect(of('opposition-withdraw')).toHaveLength(1)
    expect(of('opposition-withdraw')[0]).toContain(base.split('/')[2])
    expect(of('opposition-withdraw')[0]).not.toContain(key?.patient)
  })
})

describe('who may take, see and lift an opposition', () => {
  it('is the desk’s matter: others are refused', async () => {
    const rene = await signIn(server, 'rene')
    await rene.post('/governance/oppositions', { patient: seeded }).expect(403)
    await rene.get('/governance/oppositions').expect(403)
    await (await signIn(server, 'stella')).delete(`/governance/oppositions/${opposition.id}`).expect(403)
  })

  it('refuses a patient named by nothing, by two names, or by nobody’s', async () => {
    await dpo.post('/governance/oppositions', {}).expect(400)
    await dpo
      .post('/governance/oppositions', { patient: seeded, identifier: { value: 'n-IPP-7' } })
      .expect(400)
    await dpo.post('/governance/oppositions', { patient: 'IPP-unknown' }).expect(404)
    await dpo.post('/governance/oppositions', { identifier: { value: 'n-IPP-unknown' } }).expect(404)
  })

  it('answers a second opposition of a patient with the first', async () => {
    const again = await dpo.post('/governance/oppositions', { patient: seeded }).expect(201)
    expect(again.body).toMatchObject({ id: opposition.id })
    expect((await dpo.get('/governance/oppositions').expect(200)).body).toHaveLength(1)
  })
})

describe('who opposed', () => {
  it('opposes from the first row on when they come back under another id with an identifier of theirs', async () => {
    await write('IPP-back', value, { identifier: [{ system: 'urn:ipp', value: `n-${seeded}` }] })
    const [latest] = (await dpo.get('/governance/oppositions?limit=1').expect(200)).body as object[]
    expect(latest).toMatchObject({ patient: 'IPP-back', source: 'suppression' })
  })

  it('is seen by new cohorts once it is lifted, and by old ones no more', async () => {
    const listed = (await dpo.get('/governance/oppositions').expect(200)).body as { id: string }[]
    for (const { id } of listed) await dpo.delete(`/governance/oppositions/${id}`).expect(200)
    await dpo.delete(`/governance/oppositions/${opposition.id}`).expect(409)
    const fresh = await grantPermit(server, cohort, data)
    const reader = await server.client('system/*.rs', fresh)
    expect((await reader.get(`${fresh}/Observation?_count=100`)).text).toContain(String(value))
    expect((await client.get(`${base}/Observation?_count=100`)).text).not.toContain(String(value))
    expect(await rows('SELECT FROM identity.suppression')).toEqual([])
  })
})

describe('a resource that says opposition', () => {
  const consent = (changes: object = {}) => ({
    ...{
      resourceType: 'Consent',
      id: 'no-research',
      status: 'active',
      patient: { reference: 'Patient/IPP-3' },
    },
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
    provision: { type: 'deny' },
    ...changes,
  })
  const opposing = async () =>
    (
      (await dpo.get('/governance/oppositions').expect(200)).body as {
        patient: string
        liftedAt?: string
        source: string
      }[]
    )
      .filter(({ liftedAt }) => liftedAt === undefined)
      .map(({ patient: id, source }) => [id, source])

  it('is a Consent of scope research that denies, until it is no longer active', async () => {
    await care.put('/fhir/Consent/no-research', consent()).expect(201)
    expect(await opposing()).toEqual([['IPP-3', 'consent']])
    const count = await client.get(`${base}/Patient?_summary=count`).expect(200)
    expect((count.body as { total: number }).total).toBe(12)
    await care.put('/fhir/Consent/no-research', consent({ status: 'inactive' })).expect(200)
    expect(await opposing()).toEqual([])
  })

  it('is no Consent of another scope, and none that permits', async () => {
    const treatment = {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'treatment' }],
    }
    await care.put('/fhir/Consent/other', consent({ id: 'other', scope: treatment })).expect(201)
    await care.put('/fhir/Consent/yes', consent({ id: 'yes', provision: { type: 'permit' } })).expect(201)
    expect(await opposing()).toEqual([])
  })

  it('is refused when it denies research for nobody we know', async () => {
    const { patient: _, ...nobody } = consent({ id: 'nobody' }) as { patient: object }
    await care.put('/fhir/Consent/nobody', nobody).expect(422)
  })

  it('is a Patient tagged NOLIST; a version without the tag lifts nothing', async () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'NOLIST' }]
    await write('IPP-4', 5, { meta: { security } })
    expect(await opposing()).toEqual([['IPP-4', 'patient']])
    await write('IPP-4', 5)
    expect(await opposing()).toEqual([['IPP-4', 'patient']])
  })
})
