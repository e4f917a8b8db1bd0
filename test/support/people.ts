import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest, { type Test } from 'supertest'
import type { TestServer } from './server.ts'

/** Of everybody in the users files of tests. */
export const password = 'correct horse battery'

/** A users file with these people, each with the roles given. */
export function usersFile(people: Readonly<Record<string, readonly string[]>>): string {
  return peopleFile(Object.entries(people).map(([username, roles]) => ({ username, roles })))
}

/** A users file with these people; who says no more than their user name is called so and has no role. */
export function peopleFile(
  people: readonly { readonly username: string; readonly [member: string]: unknown }[],
): string {
  const file = join(mkdtempSync(join(tmpdir(), 'coffre-people-')), 'users.json')
  const users = people.map((person) => ({ name: person.username, roles: [], password, ...person }))
  writeFileSync(file, JSON.stringify(users))
  return file
}

/** Requests of somebody who is signed in. */
export interface SignedIn {
  get(path: string): Test
  post(path: string, body?: object): Test
  delete(path: string): Test
}

/** Signs somebody of the users file in. */
export async function signIn({ url }: TestServer, username: string): Promise<SignedIn> {
  const { body } = await supertest(url).post('/auth/login').send({ username, password })
  const { access_token: token } = body as { access_token: string }
  const authorised = (test: Test) => test.set('Authorization', `Bearer ${token}`)
  return {
    get: (path) => authorised(supertest(url).get(path)),
    post: (path, body = {}) => authorised(supertest(url).post(path)).send(body),
    delete: (path) => authorised(supertest(url).delete(path)),
  }
}
