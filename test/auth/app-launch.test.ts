import supertest from 'supertest'
import { AuthorizationServer } from '../../src/auth/oauth/authorization-server.ts'
import { Authorizations } from '../../src/auth/oauth/authorizations.ts'
import { App, Browser, codeOf, walk } from '../support/app-launch.ts'
import { launchWorld, type LaunchWorld } from '../support/app-launch-world.ts'
import { Launches } from '../support/launches.ts'

let world: LaunchWorld
let launches: Launches
let app: App

beforeAll(async () => {
  world = await launchWorld()
  launches = new Launches(world)
  app = launches.app
})

afterAll(() => world.close())

describe('the authorization endpoint', () => {
  it('A12 takes a POST, and makes it the GET of the same', async () => {
    const answer = await supertest(world.server.url)
      .post('/auth/authorize')
      .type('form')
      .send(app.parameters().toString())
    expect([answer.status, answer.headers['location']]).toEqual([303, app.authorizeUrl()])
  })

  it.each([
    ['another base', (url: string) => `${url}/research/p1/fhir`, 'invalid_request'],
    ['another server', () => 'https://elsewhere.example/fhir', 'invalid_request'],
    ['a path below it', (url: string) => `${url}/fhir/Patient`, 'invalid_request'],
    ['none', () => undefined, 'invalid_request'],
    ['a slash too many', (url: string) => `${url}/fhir/`, 'none'],
  ])('A13 compares aud with this base: %s', async (_, aud, error) => {
    expect(await launches.refusal({ aud: aud(world.server.url) })).toBe(error)
  })

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['an unregistered redirect_uri', { redirect_uri: 'https://app.example/callback/' }],
    ['none', { redirect_uri: undefined }],
  ])('A14 shows an error page and sends nobody on: %s', async (_, given) => {
    const answer = await new Browser(world.server).get(app.authorizeUrl(given))
    expect([answer.status, answer.headers['location']]).toEqual([400, undefined])
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.text).not.toContain('app.example')
  })

  it('A14 lets others make the page', async () => {
    world.server.app
      .get(AuthorizationServer, { strict: false })
      .renderErrorsWith((_, error) => `our ${error}`)
    expect((await new Browser(world.server).get(app.authorizeUrl({ client_id: 'nobody' }))).text).toBe(
      'our invalid_client',
    )
  })

  it('A15 tells the app of other errors, with its state to the letter', async () => {
    expect(await launches.refusal({ request: 'a.b.c' })).toBe('request_not_supported')
  })

  it.each(['public', 'basic', 'keyed'])('A16 wants PKCE by S256 of everyone: %s', async (clientId) => {
    const by = new App(world.server, clientId)
    const missing = { code_challenge: undefined, code_challenge_method: undefined }
    expect(await launches.refusal(missing, 'doctor', by)).toBe('invalid_request')
    expect(await launches.refusal({ code_challenge_method: 'plain' }, 'doctor', by)).toBe('invalid_request')
  })

  it('A34 drops what it does not know, and refuses when nothing is left', async () => {
    const strange = 'patient/Observation.dus patient/Nothing.rs system/*.rs somebody/*.rs'
    expect(await launches.refusal({ scope: strange })).toBe('invalid_scope')
    const { body } = await launches.launched({ scope: `${strange} patient/Patient.r` })
    expect(body.scope).toBe('patient/Patient.r')
  })

  it('asks for consent each time, and is told when there is none', async () => {
    expect(await launches.refusal({ prompt: 'none' })).toMatch(/^(consent|login)_required$/)
  })

  it.each([{ prompt: 'login' }, { max_age: '0' }, { max_age: '60' }])(
    'refuses to say that somebody has just signed in: %j',
    async (given) => {
      expect(await launches.refusal(given)).toBe('invalid_request')
    },
  )

  it('counts a sign-in as gone when its cookie is', async () => {
    const browser = await launches.signedIn('doctor')
    await codeOf(walk(world.server, browser, app.authorizeUrl(), { patient: world.patient }))
    browser.signOut()
    await expect(walk(world.server, browser, app.authorizeUrl())).rejects.toThrow('nobody is signed in')
  })

  it('lets one browser not go on with what another began', async () => {
    const first = await new Browser(world.server).get(app.authorizeUrl())
    const stranger = await launches.signedIn('doctor')
    const [request, response] = stranger.request(String(first.headers['location']))
    const authorizations = world.server.app.get(Authorizations, { strict: false })
    expect(await authorizations.pending(request, response)).toBeUndefined()
  })
})
