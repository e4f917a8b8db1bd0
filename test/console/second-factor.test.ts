import supertest from 'supertest'
import { TOTP } from 'otpauth'
import { AddressLimit, failuresOfAddress } from '../../src/auth/people/address-limit.ts'
import { SecondFactors } from '../../src/auth/people/second-factors.ts'
import { Sessions } from '../../src/auth/people/sessions.ts'
import { sql } from '../../src/store/sql.ts'
import { PageBrowser } from '../support/page-browser.ts'
import { usersFile } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'

const password = 'correct horse battery'
const path = '/account/second-factor'
let server: TestServer

beforeAll(async () => {
  const names = ['anna', 'bert', 'cleo', 'dina']
  server = await startServer({
    COFFRE_USERS_FILE: usersFile(Object.fromEntries(names.map((name) => [name, ['auditor']]))),
  })
})

afterAll(() => server.close())

const totp = (secret: string) => new TOTP({ secret })
/** The code that the app shows so many steps from now. */
const codeOf = (secret: string, steps = 0) =>
  totp(secret).generate({ timestamp: Date.now() + steps * 30_000 })

/** Signs in, adds an app by the pages and leaves; the code of the step before is spent. */
async function enrol(username: string) {
  const browser = new PageBrowser(server)
  await browser.open(`/sign-in?return_to=${path}`)
  await browser.submit('/sign-in', { username, password })
  await browser.submit('/propose', { password })
  const secret = /Key <code>([A-Z2-7 ]+)</.exec(browser.page?.text ?? '')?.[1]?.replaceAll(' ', '') ?? ''
  await browser.submit('/confirm', { code: codeOf(secret, -1) })
  const codes = browser.page?.text.match(/[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}/g) ?? []
  return { browser, secret, codes }
}

async function askedForCode(username: string): Promise<PageBrowser> {
  const browser = new PageBrowser(server)
  await browser.open(`/sign-in?return_to=${path}`)
  await browser.submit('/sign-in', { username, password })
  return browser
}

const login = (username: string, otp?: string) =>
  supertest(server.url)
    .post('/auth/login')
    .send({ username, password, ...(otp === undefined ? {} : { otp }) })

it('is asked for after the password once an app was added, and opens a session that says so', async () => {
  const { secret, codes } = await enrol('anna')
  expect(new Set(codes).size).toBe(10)
  const browser = await askedForCode('anna')
  expect(browser.cookie('coffre_session')).toBeUndefined()
  expect(browser.text).toContain('One-time code')
  await browser.submit('/sign-in/code', { code: codeOf(secret) })
  expect(browser.url).toBe(path)
  const sessions = server.app.get(Sessions, { strict: false })
  const person = await sessions.authenticate(`Bearer ${browser.cookie('coffre_session')}`)
  expect(person?.secondFactorAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
  expect((await login('anna')).status).toBe(401)
  expect((await login('anna', codeOf(secret, 1))).status).toBe(200)
})

it('counts each code once, whoever many bring it at a time, and no code before it', async () => {
  const { secret, codes } = await enrol('bert')
  const factors = server.app.get(SecondFactors, { strict: false })
  const takeOften = async (code: string) => {
    const taken = await Promise.all(Array.from({ length: 8 }, () => factors.take('bert', code)))
    return taken.filter(Boolean).length
  }
  expect(await takeOften(codeOf(secret, 1))).toBe(1)
  expect(await takeOften(codeOf(secret))).toBe(0)
  const [recovery = ''] = codes
  expect(await takeOften(recovery.toLowerCase().replaceAll('-', ' '))).toBe(1)
  expect(await takeOften(recovery)).toBe(0)
  expect(await factors.take('anna', codes[1] ?? '')).toBe(false)
  expect(await factors.recoveryCodesLeft('bert')).toBe(9)
})

it('locks the account after wrong codes, although the password was right each time', async () => {
  const { secret } = await enrol('cleo')
  const browser = await askedForCode('cleo')
  for (let n = 0; n < 2; n++) await browser.submit('/sign-in/code', { code: 'AAAA-AAAA' })
  expect(browser.page?.status).toBe(401)
  await login('cleo')
  await browser.submit('/sign-in/code', { code: '12345' })
  await browser.submit('/sign-in/code', { code: codeOf(secret) })
  expect(browser.page?.status).toBe(401)
  expect(browser.cookie('coffre_session')).toBeUndefined()
})

it('is removed with a code, and not by an open session alone', async () => {
  const { browser, codes } = await enrol('dina')
  await browser.open(path)
  await browser.submit('/remove', { code: 'AAAA-AAAA-AAAA-AAAA' })
  expect(browser.page?.status).toBe(401)
  await browser.submit('/remove', { code: codes[3] ?? '' })
  expect(browser.text).toContain('Your password alone opens this account')
  expect((await login('dina')).status).toBe(200)
  await browser.submit('/propose', { password: 'not the password' })
  expect(browser.page?.status).toBe(401)
})

it('lies sealed and hashed, and its coming and going is on record', async () => {
  const { secret, codes } = await enrol('dina')
  const [row] = await server.store.read('care', (tx) =>
    tx.query<{ rows: string }>(sql`
      SELECT concat((SELECT json_agg(encode(secret, 'escape')) FROM auth.totp),
                    (SELECT json_agg(encode(code_hash, 'escape')) FROM auth.recovery_code)) AS rows`),
  )
  expect(row?.rows.length).toBeGreaterThan(500)
  for (const text of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) {
    expect(row?.rows).not.toContain(text)
  }
  const events = await server.store.read('audit', (tx) =>
    tx.query<{ body: string }>(
      sql`SELECT body::text AS body FROM audit.event WHERE body::text LIKE '%second-factor-%'`,
    ),
  )
  for (const { body } of events) expect(body).toContain('User Security Attributes Changed')
  const said = events.map(({ body }) => /second-factor-(add|remove)/.exec(body)?.[1])
  expect(said.filter((what) => what === 'add')).toHaveLength(5)
  expect(said.filter((what) => what === 'remove')).toHaveLength(2)
})

it('is refused with 429, whatever the password, once too many sign-ins failed from one address', async () => {
  const limit = server.app.get(AddressLimit, { strict: false })
  for (let n = 0; n < failuresOfAddress; n++) limit.failed('192.0.2.7')
  expect(() => limit.demand('192.0.2.8')).not.toThrow()
  expect(() => limit.demand('192.0.2.7', Date.now() + 15 * 60_000)).not.toThrow()
  for (let n = 0; n < failuresOfAddress; n++) limit.failed('127.0.0.1')
  const refused = await login('dina')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800)
})
