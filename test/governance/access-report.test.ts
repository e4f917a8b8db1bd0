import supertest from 'supertest'
import { exported } from '../export/bulk-client.ts'
import { observation, patient } from '../export/world.ts'
import { signIn, usersFile, type SignedIn } from '../support/people.ts'
import { grantPermit } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Two patients of a hospital ask who saw their data. Care reads, finds and changes them; a project reads one of
 * them under a pseudonym and exports its cohort, which one of them has left by then.
 */
const people = {
  ...{ rene: ['requester'], claire: ['committee'], diane: ['director'], nadia: ['requester'] },
  ...{ dora: ['dpo'], stella: ['steward'], aude: ['auditor'] },
}
const asked = 'IPP-1'
const other = 'IPP-2'
const left = 'IPP-3'

interface Report {
  readonly actors: readonly { readonly who: string; readonly accesses: number }[]
  readonly accesses: readonly { at: string; who: string; what: string; elements: string[]; why: string }[]
  readonly next?: string
}

let server: TestServer
let care: Client
let dpo: SignedIn

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: usersFile(people) })
  care = await server.client()
  dpo = await signIn(server, 'dora')
  for (let n = 1; n <= 12; n++) {
    const identifier = [{ system: 'urn:ipp', value: `n-${n}` }]
    await care.put(`/fhir/Patient/IPP-${n}`, patient(`IPP-${n}`, { identifier })).expect(201)
    await care.put(`/fhir/Observation/o-${n}`, observation(`o-${n}`, `IPP-${n}`)).expect(201)
  }
  await care.get(`/fhir/Patient/${asked}`).expect(200)
  await care.get(`/fhir/Observation?patient=${asked}`).expect(200)
  await care.get('/fhir/Patient/IPP-4000').expect(404)
  const base = await grantPermit(
    server,
    ['Patient?gender=female'],
    [{ type: 'Patient' }, { type: 'Observation' }],
  )
  const steward = await signIn(server, 'stella')
  await steward.post('/governance/oppositions', { patient: left }).expect(201)
  const research = await server.client('system/*.rs', base)
  await research.get(`${base}/Observation?_count=100`).expect(200)
  await exported(research, `${base}/$export`)
}, 60_000)

afterAll(() => server.close())

async function report(body: object, language = 'en'): Promise<Report> {
  const answer = await dpo
    .post('/governance/access-reports', body)
    .set('Accept-Language', language)
    .expect(200)
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-language': language })
  return answer.body as Report
}

const said = ({ accesses }: Report) => accesses.map(({ what }) => what)

describe('The access report of a patient', () => {
  it('tells each access by care, newest first: what was done and to which elements', async () => {
    const { accesses } = await report({ patient: asked })
    const care = accesses.filter(({ why }) => why === 'Care').reverse()
    expect(care.map(({ what, elements }) => [what, elements.join()])).toEqual([
      ['Record added to or changed', '1 Patient'],
      ['Record added to or changed', '1 Observation'],
      ['Record read', '1 Patient'],
      ['Record found by a search', '1 Observation'],
    ])
    expect([...accesses].sort((a, b) => (a.at < b.at ? 1 : -1))).toEqual(accesses)
  })

  it('tells what a project read and exported, with the project and its purpose', async () => {
    const { accesses } = await report({ patient: asked })
    const research = accesses.filter(({ why }) => why.startsWith('Scientific research: project CHU-'))
    expect(research.map(({ what }) => what)).toEqual([
      'Data put under a pseudonym into the protected space of a project',
      'Data read under a pseudonym by a project',
    ])
    expect(research[0]?.why).toContain('“Glycaemia after discharge”')
  })

  it('says nothing of an export that came after the patient had left the cohort', async () => {
    const whats = said(await report({ patient: left }))
    expect(whats).toContain('Opposition to research taken, read or lifted')
    expect(whats).not.toContain('Data put under a pseudonym into the protected space of a project')
    expect(whats).not.toContain('Data read under a pseudonym by a project')
  })

  it('of another patient does not show what was done to this one alone', async () => {
    expect(said(await report({ patient: other }))).not.toContain('Record read')
  })

  it('is itself an access, on record and in the next report', async () => {
    const before = said(await report({ patient: other })).filter((what) => /Report/.test(what)).length
    const after = said(await report({ patient: other })).filter((what) => /Report/.test(what)).length
    expect(after).toBe(before + 1)
  })

  it('counts the accesses of each who had any, whatever the page', async () => {
    const all = await report({ patient: asked })
    const first = await report({ patient: asked, limit: 2 })
    const dora = (one: Report) => one.actors.find(({ who }) => who === 'dora')?.accesses ?? 0
    expect(first.accesses).toHaveLength(2)
    expect(dora(first)).toBe(dora(all) + 1)
    const total = all.actors.reduce((sum, { accesses }) => sum + accesses, 0)
    expect(total).toBe(all.accesses.length)
  })

  it('is read page by page, each access once', async () => {
    const to = new Date().toISOString()
    const whole = await report({ patient: asked, to })
    const paged: Report['accesses'][number][] = []
    let before: string | undefined
    do {
      const page = await report({ patient: asked, to, limit: 3, ...(before ? { before } : {}) })
      paged.push(...page.accesses)
      before = page.next
    } while (before !== undefined)
    expect(paged).toEqual(whole.accesses)
  })

  it('keeps to the period that is asked for', async () => {
    const before = { from: '2020-01-01T00:00:00Z', to: '2021-01-01T00:00:00Z' }
    expect((await report({ patient: asked, ...before })).accesses).toEqual([])
    await dpo
      .post('/governance/access-reports', { patient: asked, from: before.to, to: before.from })
      .expect(400)
  })

  it('is written in French where nothing else is asked for', async () => {
    const { accesses } = await report({ identifier: { system: 'urn:ipp', value: 'n-1' } }, 'fr')
    expect(accesses.map(({ what }) => what)).toContain('Dossier consulté')
    expect(accesses.map(({ why }) => why)).toContain('Soins')
  })

  it('is a table for who asks for text/csv', async () => {
    const answer = await dpo
      .post('/governance/access-reports', { patient: asked })
      .set('Accept', 'text/csv')
      .set('Accept-Language', 'de, en;q=0.5')
      .expect('Content-Type', /^text\/csv/)
      .expect(200)
    const rows = answer.text.trimEnd().split('\r\n')
    expect(rows[0]).toBe('When,Who,Application,What,Elements,Why')
    expect(rows.length).toBeGreaterThan(6)
  })

  it('is for the data protection officer alone', async () => {
    for (const name of ['stella', 'aude', 'nadia']) {
      await (await signIn(server, name)).post('/governance/access-reports', { patient: asked }).expect(403)
    }
    await supertest(server.url).post('/governance/access-reports').send({ patient: asked }).expect(401)
  })

  it('of nobody is 404, and of two who are named at once 400', async () => {
    await dpo.post('/governance/access-reports', { patient: 'nobody' }).expect(404)
    await dpo.post('/governance/access-reports', {}).expect(400)
    await dpo.post('/governance/access-reports', { patient: asked, before: 'x' }).expect(400)
  })
})
