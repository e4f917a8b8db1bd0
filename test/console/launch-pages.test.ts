import supertest from 'supertest'
import { App, redirectUri } from '../support/app-launch.ts'
import { PageBrowser } from '../support/page-browser.ts'
import { password, peopleFile } from '../support/people.ts'
import { addClient } from '../support/registered-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** What a person sees of a launch, in a browser that runs no script. */
const words = 'openid fhirUser launch/patient offline_access'
let server: TestServer
let patient: string

beforeAll(async () => {
  const users = peopleFile([
    { username: 'dora', name: 'Dora Docteur', fhirUser: 'Practitioner/dora', scope: 'user/*.rs' },
    { username: 'erik', name: 'Erik Élève', scope: 'user/Observation.rs' },
  ])
  server = await startServer({ COFFRE_USERS_FILE: users })
  await addClient(server, {
    client_id: 'courbe',
    client_name: 'Courbe <b>de</b> croissance',
    client_uri: 'https://app.example',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: `${words} patient/*.rs user/*.rs`,
  })
  const backend = await server.client()
  await backend.put('/fhir/Practitioner/dora', { resourceType: 'Practitioner', id: 'dora' })
  const made = await backend.post('/fhir/Patient', {
    resourceType: 'Patient',
    name: [{ family: 'Lefèvre-Essai', given: ['Anaïs'] }],
    birthDate: '2019-02-03',
    gender: 'female',
  })
  patient = String(made.body.id)
})

afterAll(() => server.close())

const asked = `${words} patient/Patient.rs patient/Observation.rs?category=laboratory patient/Condition.r`
const signIn = (browser: PageBrowser, username = 'dora') => browser.submit('/sign-in', { username, password })
const choose = (browser: PageBrowser) => browser.submit('/patient', { patient })
const login = async (browser: PageBrowser, app: App, scope = asked) => {
  await browser.open(app.authorizeUrl({ scope }))
  return signIn(browser)
}

it('leads from sign-in over a patient and consent back to the app, which gets what was ticked', async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await browser.open(app.authorizeUrl({ scope: asked }))
  expect(browser.text).toContain('Say first who you are')
  await signIn(browser)
  expect(browser.text).toContain('Choose a patient')
  await browser.submit('/patients', { name: 'lefevre', birthDate: '2019-02-03', identifier: '' })
  expect(browser.text).toContain('Lefèvre-Essai Anaïs')
  await choose(browser)
  expect(browser.text).toContain('Lefèvre-Essai Anaïs, 2019-02-03')
  expect(browser.text).toContain('only: laboratory')
  expect(browser.text).toContain('Go on without you')
  expect(browser.page?.text).toContain('Courbe &lt;b>de&lt;/b> croissance')
  const end = (await browser.submit('/consent', {}, ['patient/Condition.r'])) as URL
  expect(end.searchParams.get('state')).toBe(app.state)
  const { body } = await app.redeem(end.searchParams.get('code') ?? '')
  expect(body.patient).toBe(patient)
  expect(String(body.scope).split(' ').sort()).toEqual(
    [...words.split(' '), 'patient/Patient.rs', 'patient/Observation.rs?category=laboratory'].sort(),
  )
  const read = await supertest(server.url)
    .get(`/fhir/Patient/${patient}`)
    .set('Authorization', `Bearer ${body.access_token}`)
  expect(read.status).toBe(200)
})

it('grants no offline access where it is unticked', async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await login(browser, app)
  await browser.submit('/patients', { name: 'Anaïs', birthDate: '', identifier: '' })
  await choose(browser)
  const end = (await browser.submit('/consent', {}, ['yes'])) as URL
  const { body } = await app.redeem(end.searchParams.get('code') ?? '')
  expect(body.scope).not.toContain('offline_access')
  expect(body.refresh_token).toBeUndefined()
})

it('goes back with access_denied when the person refuses', async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await login(browser, app)
  const end = (await browser.submit('/cancel')) as URL
  expect(end.searchParams.get('error')).toBe('access_denied')
  expect(end.searchParams.get('state')).toBe(app.state)
})

it('lists the app with what it may, and throws it out', async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await login(browser, app)
  await browser.submit('/patients', { name: 'Anaïs', birthDate: '', identifier: '' })
  await choose(browser)
  const end = (await browser.submit('/consent')) as URL
  const { body } = await app.redeem(end.searchParams.get('code') ?? '')
  await browser.open('/account/apps')
  expect(browser.text).toContain('Courbe &lt;b>de&lt;/b> croissance')
  expect(browser.text).toContain('Results and measurements')
  while (/\/revoke"/.test(browser.page?.text ?? '')) await browser.submit('/revoke')
  expect(browser.text).toContain('No app acts in your name')
  const read = await supertest(server.url)
    .get(`/fhir/Patient/${patient}`)
    .set('Authorization', `Bearer ${body.access_token}`)
  expect(read.status).toBe(401)
})

it('finds no patients for somebody who may not search them, and says so', async () => {
  const [app, browser] = [new App(server, 'courbe'), new PageBrowser(server)]
  await browser.open(app.authorizeUrl({ scope: `${words} patient/Observation.rs` }))
  await signIn(browser, 'erik')
  await browser.submit('/patients', { name: 'Lefèvre', birthDate: '', identifier: '' })
  expect([browser.page?.status, browser.text.includes('Anaïs')]).toEqual([403, false])
  expect(browser.text).toContain('You have no right to search for patients')
})

it('takes no form without the token of its page, nor from another site', async () => {
  const browser = new PageBrowser(server)
  await browser.open('/sign-in')
  await browser.submit('/sign-in', { username: 'dora', password, csrf: 'x' })
  expect(browser.page?.status).toBe(403)
  expect(browser.cookie('coffre_session')).toBeUndefined()
  const elsewhere = new PageBrowser(server, { 'Sec-Fetch-Site': 'cross-site', 'Accept-Language': 'en' })
  await elsewhere.open('/sign-in')
  await signIn(elsewhere)
  expect(elsewhere.page?.status).toBe(403)
})

it('shows an authorization to no other browser, and none that was answered', async () => {
  const [app, browser, other] = [new App(server, 'courbe'), new PageBrowser(server), new PageBrowser(server)]
  await login(browser, app)
  const page = browser.url
  await other.open(page)
  expect([other.page?.status, other.text.includes('no longer open')]).toEqual([404, true])
  await browser.submit('/cancel')
  await browser.open(page)
  expect(browser.page?.status).toBe(404)
})

it('tells a wrong password beside the field, and nothing of the account', async () => {
  const browser = new PageBrowser(server)
  await browser.open('/sign-in')
  const texts: string[] = []
  for (const username of ['dora', 'nobody']) {
    await browser.submit('/sign-in', { username, password: 'wrong' })
    expect(browser.page?.status).toBe(401)
    texts.push(browser.page?.text.replaceAll(username, '') ?? '')
  }
  expect(texts[0]).toBe(texts[1])
})

it('sends nobody to another site after signing in', async () => {
  const browser = new PageBrowser(server)
  for (const path of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    await browser.open(`/sign-in?return_to=${encodeURIComponent(path)}`)
    expect(browser.page?.text).toContain('name="return_to" value="/"')
  }
})

it('speaks French, and English to who asks for it', async () => {
  const [french, english] = [new PageBrowser(server, {}), new PageBrowser(server)]
  await french.open('/sign-in')
  expect(french.text).toContain('Mot de passe')
  await english.open('/sign-in')
  expect(english.text).toContain('Password')
  await english.open('/sign-in?lang=fr')
  await english.open('/sign-in')
  expect(english.text).toContain('Mot de passe')
})

it('lets no page be framed, cached, or run what is not ours', async () => {
  const browser = new PageBrowser(server)
  await browser.open('/sign-in')
  const headers: Readonly<Record<string, string>> = browser.page?.headers ?? {}
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(headers['cache-control']).toBe('no-store')
  expect(headers['set-cookie']).toEqual([expect.stringMatching(/HttpOnly; SameSite=Lax/)])
  const [, style = ''] = /href="(\/assets\/[^"]+)"/.exec(browser.page?.text ?? '') ?? []
  expect((await supertest(server.url).get(style)).headers['cache-control']).toContain('immutable')
})
