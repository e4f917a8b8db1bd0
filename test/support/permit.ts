import supertest from 'supertest'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { testClientId, type TestServer } from './server.ts'

const password = 'correct horse battery'
const people = { rene: 'requester', claire: 'committee', diane: 'director', nadia: 'requester' } as const

/** Settings of a server whose people can make a request a permit. */
export function withPeople(): { COFFRE_USERS_FILE: string } {
  const file = join(tmpdir(), `coffre-people-${randomUUID()}.json`)
  const users = Object.entries(people).map(([username, role]) => ({
    username,
    name: username,
    roles: [role],
    password,
  }))
  writeFileSync(file, JSON.stringify(users))
  return { COFFRE_USERS_FILE: file }
}

export interface DataDefinition {
  readonly type: string
  readonly typeFilters?: readonly string[]
  readonly elements?: readonly string[]
}

/**
 * Files a request and has it approved and granted by the three people it takes.
 *
 * @returns the path of the permit's research base: `/research/…/fhir`
 */
export async function grantPermit(
  server: TestServer,
  cohort: readonly string[],
  data: readonly DataDefinition[],
): Promise<string> {
  const agent = supertest(server.url)
  const post = async (username: keyof typeof people, path: string, body: object) => {
    const login = await agent.post('/auth/login').send({ username, password })
    const { access_token: token } = login.body as { access_token: string }
    const answer = await agent.post(path).set('Authorization', `Bearer ${token}`).send(body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer.body as { id: string }
  }
  const { id } = await post('rene', '/governance/requests', {
    title: 'Glycaemia after discharge',
    purpose: 'To know how it develops',
    purposeCategory: 'scientific-research',
    people: ['nadia'],
    clientIds: [testClientId],
    cohort,
    data: data.map((one) => ({ typeFilters: [], justification: 'the question asks for it', ...one })),
    expiresOn: new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10),
  })
  await post('rene', `/governance/requests/${id}/submit`, {})
  await post('claire', `/governance/requests/${id}/opinions`, { verdict: 'approve' })
  const permit = await post('diane', `/governance/requests/${id}/permit`, {})
  return `/research/${permit.id}/fhir`
}
