import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { SignJWT } from 'jose'
import request from 'supertest'
import { randomUUID } from 'node:crypto'
import { failuresBeforeLock, lockMinutes } from '../../src/auth/people/people.ts'
import { ResearchBases } from '../../src/auth/research-bases.ts'
import { Keyring } from '../../src/identity/keyring.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'
import { Folder, publicUrl, startAuthApp } from './authorization-app.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let folder: Folder
let app: NestFastifyApplication
let store: Store

const password = 'correct horse battery staple'

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
  folder = new Folder()
  const people = ['alma', 'bruno', 'chloe', 'denis'].map((username) => ({
    ...{ username, name: username.toUpperCase(), password },
    roles: username === 'bruno' ? ['director'] : ['requester'],
  }))
  app = await startAuthApp(database.url, folder, { COFFRE_USERS_FILE: folder.write('users.json', people) })
})

afterAll(async () => {
  await app.close()
  await store.close()
  await database.drop()
  folder.remove()
})

const login = (username: unknown, given: unknown) =>
  request(app.getHttpServer()).post('/auth/login').send({ username, password: given })

async function signIn(username: string): Promise<string> {
  const answer = await login(username, password)
  expect(answer.status).toBe(200)
  return answer.body.access_token as string
}

const get = (path: string, token: string) =>
  request(app.getHttpServer()).get(path).set('Authorization', `Bearer ${token}`)

describe('signing in', () => {
  it('gives a bearer token that no cache may keep, and opens the governance API', async () => {
    const { status, headers, body } = await login('alma', password)
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 14_400 })
    const probe = await get('/governance/probe', body.access_token)
    expect(probe.body).toEqual({ userId: 'alma', name: 'ALMA', roles: ['requester'] })
  })

  it('answers the same to a wrong password and to an unknown name', async () => {
    const wrong = await login('alma', 'not the password')
    const unknown = await login('nobody', 'not the password')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(wrong.body).toEqual(unknown.body)
  })

  it.each([
    ['no name', undefined, password],
    ['a name that is not text', { $ne: '' }, password],
    ['no password', 'alma', undefined],
    ['a password of megabytes', 'alma', 'x'.repeat(900_000)],
  ])('answers 400 to %s', async (_, username, given) => {
    expect((await login(username, given)).status).toBe(400)
  })

  it('is locked after five failures, for everyone, for fifteen minutes', async () => {
    for (let n = 0; n < failuresBeforeLock; n++) expect((await login('chloe', 'wrong')).status).toBe(401)
    expect((await login('chloe', password)).status).toBe(401)
    const locked = sql`UPDATE auth.person SET locked_until = locked_until - make_interval(mins => ${lockMinutes})
                       WHERE username = 'chloe'`
    await store.transaction('care', (tx) => tx.query(locked))
    expect((await login('chloe', password)).status).toBe(200)
  })

  it('gives no more guesses to who sends many at once', async () => {
    const guesses = Array.from({ length: 20 }, () => login('denis', 'wrong'))
    await Promise.all(guesses)
    const [row] = await store.read('care', (tx) =>
      tx.query<{ failures: number }>(sql`SELECT failures FROM auth.person WHERE username = 'denis'`),
    )
    expect(row?.failures).toBe(failuresBeforeLock)
  })

  it('forgets failures once the password was right', async () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < failuresBeforeLock - 1; n++) await login('bruno', 'wrong')
      expect((await login('bruno', password)).status).toBe(200)
    }
  })

  it('keeps no password: only its argon2id hash', async () => {
    const [row] = await store.read('care', (tx) =>
      tx.query<{ people: string }>(sql`SELECT json_agg(person)::text AS people FROM auth.person`),
    )
    expect(row?.people).not.toContain(password)
    expect(row?.people).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
  })
})

describe('a session', () => {
  it('ends at once with logout', async () => {
    const token = await signIn('alma')
    const out = await request(app.getHttpServer())
      .post('/auth/logout')
      .set('Authorization', `Bearer ${token}`)
    expect(out.status).toBe(204)
    expect((await get('/governance/probe', token)).status).toBe(401)
  })

  it('opens only what its roles allow', async () => {
    expect((await get('/governance/director', await signIn('alma'))).status).toBe(403)
    expect((await get('/governance/director', await signIn('bruno'))).status).toBe(200)
  })

  it('is over when the account is gone', async () => {
    await store.transaction('care', (tx) =>
      tx.query(sql`INSERT INTO auth.person (username, name, roles, password_hash)
                   SELECT 'emil', name, roles, password_hash FROM auth.person WHERE username = 'alma'`),
    )
    const token = await signIn('emil')
    await store.transaction('care', (tx) => tx.query(sql`DELETE FROM auth.person WHERE username = 'emil'`))
    expect((await get('/governance/probe', token)).status).toBe(401)
  })

  it.each<[string, (now: number) => { claims?: object; secret?: Buffer; alg?: string }]>([
    ['another key', () => ({ secret: Buffer.alloc(32, 1) })],
    ['another issuer', () => ({ claims: { iss: 'https://elsewhere.example' } })],
    ['another audience', () => ({ claims: { aud: `${publicUrl}/fhir` } })],
    ['another algorithm', () => ({ alg: 'HS512' })],
    ['an end in the past', (now) => ({ claims: { exp: now - 1 } })],
    ['no open session', () => ({})],
  ])('is not made by a token with %s', async (_, change) => {
    const now = Math.floor(Date.now() / 1000)
    const {
      claims = {},
      secret = app.get(Keyring, { strict: false }).derive('session'),
      alg = 'HS256',
    } = change(now)
    const token = await new SignJWT({
      ...{ iss: `${publicUrl}/auth`, aud: `${publicUrl}/governance`, sub: 'alma' },
      ...{ jti: randomUUID(), exp: now + 60, ...claims },
    })
      .setProtectedHeader({ alg })
      .sign(secret)
    expect((await get('/governance/probe', token)).status).toBe(401)
  })

  it('is not good at the care base', async () => {
    expect((await get('/fhir/Probe', await signIn('alma'))).status).toBe(401)
  })

  it('reads a research base whose permit lists the person, and no other', async () => {
    const load = (id: string) =>
      Promise.resolve(id === 'p1' ? { clientIds: [], userIds: ['alma'] } : undefined)
    app.get(ResearchBases).provideFrom({ load })
    const { status, body } = await get('/research/p1/fhir/Probe', await signIn('alma'))
    expect(status).toBe(200)
    expect(body).toEqual({
      caller: { clientId: 'coffre-console', userId: 'alma', ip: '127.0.0.1' },
      ...{ base: '/research/p1/fhir', scopes: ['user/*.rs'], grants: [] },
    })
    expect((await get('/research/p1/fhir/Probe', await signIn('bruno'))).status).toBe(403)
    expect((await get('/research/p2/fhir/Probe', await signIn('alma'))).status).toBe(403)
  })
})
