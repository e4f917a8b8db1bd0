import pg from 'pg'
import supertest from 'supertest'
import { App, redirectUri } from '../support/app-launch.ts'
import { PageBrowser } from '../support/page-browser.ts'
import { password, peopleFile } from '../support/people.ts'
import { addClient } from '../support/registered-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Where people go astray on the pages of a launch, and how they find back. */
let server: TestServer
let patient: string

beforeAll(async () => {
  const users = peopleFile([
    {
      ...{ username: 'dora', name: 'Dora Docteur', fhirUser: 'Practitioner/dora' },
      ...{ scope: 'user/Patient.rs user/Observation.rs', emergencyScope: 'user/*.rs' },
    },
    { username: 'emil', name: 'Emil' },
  ])
  server = await startServer({ COFFRE_USERS_FILE: users })
  await addClient(server, {
    ...{ client_id: 'courbe', client_name: 'Courbe', redirect_uris: [redirectUri], response_types: ['code'] },
    ...{ grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'none' },
    scope: 'openid fhirUser launch launch/patient offline_access patient/*.rs user/*.rs',
  })
  const backend = await server.client()
  await backend.put('/fhir/Practitioner/dora', { resourceType: 'Practitioner', id: 'dora' })
  const name = [{ family: 'Lefèvre-Essai', given: ['Anaïs'] }]
  patient = String((await backend.post('/fhir/Patient', { resourceType: 'Patient', name })).body.id)
})

afterAll(() => server.close())

const scope = 'openid fhirUser launch/patient offline_access patient/*.rs'
const policy = (browser: PageBrowser) => String(browser.page?.headers['content-security-policy'])
const otherLanguage = (browser: PageBrowser) =>
  (/href="([^"]*lang=fr)"/.exec(browser.page?.text ?? '')?.[1] ?? '').replaceAll('&amp;', '&')
const begin = async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await browser.open(app.authorizeUrl({ scope }))
  return browser
}
const signedIn = async () => {
  const browser = await begin()
  await browser.submit('/sign-in', { username: 'dora', password })
  return browser
}
const atConsent = async () => {
  const browser = await signedIn()
  await browser.submit('/patients', { name: 'Anaïs', birthDate: '', identifier: '' })
  await browser.submit('/patient', { patient })
  return browser
}

it('lets a browser follow to the app from each page whose form may end there', async () => {
  const browser = await begin()
  expect(policy(browser)).not.toContain('form-action')
  await browser.submit('/sign-in', { username: 'dora', password })
  expect(policy(browser)).not.toContain('form-action')
  await browser.submit('/patients', { name: 'Anaïs', birthDate: '', identifier: '' })
  expect(policy(browser)).not.toContain('form-action')
  await browser.open('/account/apps')
  expect(policy(browser)).toContain("form-action 'self'")
})

it('keeps the way to the app when the language is changed after a wrong password', async () => {
  const browser = await begin()
  await browser.submit('/sign-in', { username: 'dora', password: 'wrong' })
  await browser.open(otherLanguage(browser))
  expect(browser.text).toContain('Mot de passe')
  await browser.submit('/sign-in', { username: 'dora', password })
  expect(browser.text).toContain('Choisir un patient')
})

it('has an answer in the other language to a page that a form led to', async () => {
  const browser = await signedIn()
  await browser.submit('/patients', { name: 'Anaïs', birthDate: '', identifier: '' })
  await browser.open(otherLanguage(browser))
  expect([browser.page?.status, browser.text.includes('Choisir un patient')]).toEqual([200, true])
})

it('leaves unticked what was unticked when the glass is to be broken without a reason', async () => {
  const browser = await atConsent()
  const kept = 'patient/Patient.rs'
  await browser.submit('/consent', { emergency: 'yes', reason: ' ' }, ['patient/Observation.rs', 'yes'])
  expect([browser.page?.status, browser.text.includes('Say why')]).toEqual([400, true])
  const boxes = browser.page?.text.match(/<input type="checkbox"[^>]*>/g) ?? []
  expect(boxes).toHaveLength(3)
  expect(boxes.filter((box) => / checked/.test(box)).map((box) => /value="([^"]*)"/.exec(box)?.[1])).toEqual([
    kept,
  ])
  await browser.open(otherLanguage(browser))
  expect([browser.page?.status, browser.text.includes('Autoriser')]).toEqual([200, true])
})

it('says beside the field how a date of birth is written', async () => {
  const browser = await signedIn()
  await browser.submit('/patients', { name: '', birthDate: '3 février', identifier: '' })
  expect([browser.page?.status, browser.text.includes('Write the date as 2019-02-28')]).toEqual([400, true])
})

it('lets the one sign in for whom an EHR launched the app, when somebody else is', async () => {
  const owner = new pg.Client(server.databaseUrl)
  await owner.connect()
  await owner.query(`UPDATE auth.client SET grants = grants || '{launch}' WHERE client_id = 'test-client'`)
  await owner.end()
  const asked = { client_id: 'courbe', username: 'dora', patient }
  const { body } = await supertest(server.url)
    .post('/auth/launch')
    .set('Authorization', `Bearer ${await server.token()}`)
    .send(asked)
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await browser.open('/sign-in')
  await browser.submit('/sign-in', { username: 'emil', password })
  await browser.open(app.authorizeUrl({ scope: `launch ${scope}`, launch: String(body.launch) }))
  expect([browser.page?.status, browser.text.includes('opened for the account “dora”')]).toEqual([403, true])
  await browser.submit('/sign-out')
  await browser.submit('/sign-in', { username: 'dora', password })
  expect(browser.text).toContain('Lefèvre-Essai')
})

it('tells on a page that it failed, and goes on, when it cannot even see who is signed in', async () => {
  const browser = await signedIn()
  const owner = new pg.Client(server.databaseUrl)
  await owner.connect()
  await owner.query('ALTER TABLE auth.session RENAME TO elsewhere')
  try {
    await browser.open('/account/apps')
    expect([browser.page?.status, browser.text.includes('This was not possible')]).toEqual([500, true])
  } finally {
    await owner.query('ALTER TABLE auth.elsewhere RENAME TO session')
    await owner.end()
  }
  await browser.open('/account/apps')
  expect(browser.page?.status).toBe(200)
})
