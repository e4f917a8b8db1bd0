import supertest from 'supertest'
import pg from 'pg'
import { Keepers } from '../../src/governance/kept-of-patients.ts'
import { App, redirectUri } from '../support/app-launch.ts'
import { PageBrowser } from '../support/page-browser.ts'
import { password, peopleFile, signIn } from '../support/people.ts'
import { addClient } from '../support/registered-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Care staff break the glass: more than their rights for an hour, and the privacy officer looks into it. */
const reason = 'Mme Essai, arrêt cardiaque au bloc 3'
let server: TestServer
let owner: pg.Client
let patient: string
let observation: string
let answer: { access_token: string; refresh_token?: string; scope: string; expires_in: number }

beforeAll(async () => {
  const users = peopleFile([
    { username: 'dora', roles: ['dpo'], scope: 'user/Patient.rs', emergencyScope: 'user/Observation.rs' },
    { username: 'odile', roles: ['dpo'] },
    { username: 'rene', roles: ['requester'] },
  ])
  server = await startServer({ COFFRE_USERS_FILE: users })
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  await addClient(server, {
    client_id: 'urgences',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid launch/patient offline_access patient/*.rs',
  })
  const care = await server.client()
  const made = await care.post('/fhir/Patient', { resourceType: 'Patient', name: [{ family: 'Essai' }] })
  patient = String(made.body.id)
  const measured = await care.post('/fhir/Observation', {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${patient}` },
  })
  observation = String(measured.body.id)
})

afterAll(async () => {
  await owner.end()
  await server.close()
})

const asked = 'openid launch/patient offline_access patient/Patient.rs patient/Observation.rs'

async function toConsent(browser: PageBrowser, app: App): Promise<void> {
  await browser.open(app.authorizeUrl({ scope: asked }))
  await browser.submit('/sign-in', { username: 'dora', password })
  await browser.submit('/patients', { name: 'Essai', birthDate: '', identifier: '' })
  await browser.submit('/patient', { patient })
}

const read = (token: string) =>
  supertest(server.url).get(`/fhir/Observation/${observation}`).set('Authorization', `Bearer ${token}`)

async function desk(username: string) {
  const person = await signIn(server, username)
  return {
    list: (query = '') => person.get(`/governance/emergencies${query}`),
    review: (id: string, justified: unknown) =>
      person.post(`/governance/emergencies/${id}/review`, { justified }),
  }
}

it('opens nothing beyond the person’s rights while the glass is whole', async () => {
  const [app, browser] = [new App(server, 'urgences'), new PageBrowser(server)]
  await toConsent(browser, app)
  const end = (await browser.submit('/consent')) as URL
  const { body } = await app.redeem(end.searchParams.get('code') ?? '')
  expect(body.scope).not.toContain('Observation')
  expect((await read(body.access_token)).status).toBe(403)
  expect((await (await desk('odile')).list()).body).toEqual([])
})

it('asks why, and opens nothing without a reason', async () => {
  const [app, browser] = [new App(server, 'urgences'), new PageBrowser(server)]
  await toConsent(browser, app)
  await browser.submit('/consent', { emergency: 'yes', reason: '  ' })
  expect([browser.page?.status, browser.text.includes('without a reason nothing is opened')]).toEqual([
    400,
    true,
  ])
  expect((await (await desk('odile')).list()).body).toEqual([])
})

it('opens the emergency scopes for a reason, for an hour at most and without a refresh token', async () => {
  const [app, browser] = [new App(server, 'urgences'), new PageBrowser(server)]
  await toConsent(browser, app)
  const end = (await browser.submit('/consent', { emergency: 'yes', reason })) as URL
  answer = (await app.redeem(end.searchParams.get('code') ?? '')).body
  expect(answer.scope).toContain('patient/Observation.rs')
  expect(answer.refresh_token).toBeUndefined()
  expect(answer.expires_in).toBeLessThanOrEqual(3600)
  expect((await read(answer.access_token)).status).toBe(200)
})

it('puts an alert and each access on record as done under a broken glass', async () => {
  const { rows } = await owner.query<{ body: string }>(
    `SELECT body::text AS body FROM audit.event WHERE body::text LIKE '%BTG%'`,
  )
  expect(rows.some(({ body }) => body.includes('alert-break-glass'))).toBe(true)
  expect(rows.some(({ body }) => body.includes(`Observation/${observation}`))).toBe(true)
  expect(rows.filter(({ body }) => body.includes('cardiaque'))).toEqual([])
})

it('tells the privacy officer who and why, and keeps the reason sealed', async () => {
  const { body } = await (await desk('odile')).list('?open=true')
  expect(body).toEqual([expect.objectContaining({ username: 'dora', clientId: 'urgences', reason })])
  const { rows } = await owner.query<{ text: string }>('SELECT e::text AS text FROM governance.emergency e')
  expect(rows[0]?.text).not.toContain(Buffer.from('cardiaque').toString('hex'))
  expect((await (await desk('rene')).list()).status).toBe(403)
})

it('is reviewed once, by another than who did it', async () => {
  const [own, other] = [await desk('dora'), await desk('odile')]
  const id = String((await other.list()).body[0].id)
  expect((await own.review(id, true)).status).toBe(403)
  expect((await other.review(id, 'perhaps')).status).toBe(400)
  expect((await other.review(id, false)).body).toMatchObject({ justified: false, reviewedBy: 'odile' })
  expect((await other.review(id, true)).status).toBe(409)
  expect((await other.list('?open=true')).body).toEqual([])
})

it('forgets on whom and why when the patient is erased, and not that it was', async () => {
  const { rows } = await owner.query<{ patient: string }>('SELECT patient FROM governance.emergency')
  const keepers = server.app.get(Keepers, { strict: false })
  await server.store.transaction('care', (tx) => keepers.erase(tx, rows[0]?.patient ?? ''))
  expect((await (await desk('odile')).list()).body).toEqual([expect.objectContaining({ reason: '' })])
})
