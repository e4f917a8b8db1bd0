import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { startServer, testClientId, type Client, type TestServer } from '../support/server.ts'

const password = 'correct horse battery'
const people = { rene: ['requester'], claire: ['committee'], diane: ['director'] } as const
type Name = keyof typeof people

/** What a request asks for, beside title and purpose. */
export interface Asked {
  readonly cohort: readonly string[]
  readonly data: readonly {
    readonly type: string
    readonly typeFilters?: readonly string[]
    readonly elements?: readonly string[]
  }[]
}

/** A whole server with the people that it takes to grant a permit. */
export async function researchWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'coffre-research-'))
  const usersFile = join(folder, 'users.json')
  const users = Object.entries(people).map(([name, roles]) => ({ username: name, name, roles, password }))
  writeFileSync(usersFile, JSON.stringify(users))
  const server = await startServer({ COFFRE_USERS_FILE: usersFile })
  const care = await server.client('system/*.cruds')
  const sessions = new Map<Name, string>()
  for (const name of Object.keys(people) as Name[]) {
    const { body } = await supertest(server.url).post('/auth/login').send({ username: name, password })
    sessions.set(name, (body as { access_token: string }).access_token)
  }
  const as = (name: Name) => ({
    post: (path: string, body: object = {}) =>
      supertest(server.url)
        .post(path)
        .set('Authorization', `Bearer ${sessions.get(name) ?? ''}`)
        .send(body),
  })
  return {
    ...{ server, care, as },
    permit: (asked: Asked) => grant(server, as, asked),
    async close() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A permit by three people, and its base. */
async function grant(
  server: TestServer,
  as: (name: Name) => { post(path: string, body?: object): supertest.Test },
  asked: Asked,
) {
  const drafted = await as('rene')
    .post('/governance/requests', {
      ...{
        title: 'Renal function',
        purpose: 'To know how it develops',
        purposeCategory: 'scientific-research',
      },
      ...{ people: ['rene'], clientIds: [testClientId], cohort: asked.cohort, freeText: false },
      data: asked.data.map((one) => ({ typeFilters: [], justification: 'needed', ...one })),
      expiresOn: new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10),
    })
    .expect(201)
  const { id } = drafted.body as { id: string }
  await as('rene').post(`/governance/requests/${id}/submit`).expect(200)
  await as('claire').post(`/governance/requests/${id}/opinions`, { verdict: 'approve' }).expect(200)
  const granted = await as('diane').post(`/governance/requests/${id}/permit`).expect(201)
  const { id: permit } = granted.body as { id: string }
  const base = `/research/${permit}/fhir`
  return { permit, base, client: (scope = 'system/*.rs'): Promise<Client> => server.client(scope, base) }
}

export type ResearchWorld = Awaited<ReturnType<typeof researchWorld>>
export type Granted = Awaited<ReturnType<ResearchWorld['permit']>>
