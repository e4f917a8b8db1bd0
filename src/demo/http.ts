import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { DemoClient, DemoServer } from './demo-server.ts'

/**
 * A token by SMART Backend Services, as any client asks for one: the endpoint from the base's discovery
 * document, an assertion signed by the client's key.
 *
 * @param base `/fhir` or `/research/{permit}/fhir`
 */
export async function backendToken(
  server: DemoServer,
  client: DemoClient,
  base: string,
  scope: string,
): Promise<string> {
  const discovery = await fetch(`${server.url}${base}/.well-known/smart-configuration`)
  const { token_endpoint: endpoint } = await body<{ token_endpoint: string }>(discovery, 200)
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES384', kid: `${client}-key` })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(endpoint)
    .setExpirationTime('4 minutes')
    .sign(server.keys[client])
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  const { access_token: token } = await body<{ access_token: string }>(
    await fetch(endpoint, { method: 'POST', body: form }),
    200,
  )
  return token
}

/** A signed-in person's token for `/governance`. */
export async function personToken(server: DemoServer, username: string): Promise<string> {
  const answer = await fetch(
    `${server.url}/auth/login`,
    json('POST', undefined, { username, password: server.password }),
  )
  return (await body<{ access_token: string }>(answer, 200)).access_token
}

/** A request with a JSON body. */
export function json(
  method: string,
  token: string | undefined,
  content: object,
  type = 'application/json',
): RequestInit {
  const authorization: Record<string, string> =
    token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return { method, headers: { 'Content-Type': type, ...authorization }, body: JSON.stringify(content) }
}

export function bearer(token: string, headers: Record<string, string> = {}): RequestInit {
  return { headers: { Authorization: `Bearer ${token}`, ...headers } }
}

/** @throws Error with status and path when the status is another: the demonstration cannot go on */
export async function body<T>(answer: Response, status: number): Promise<T> {
  if (answer.status !== status) {
    throw new Error(
      `${new URL(answer.url).pathname} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`,
    )
  }
  return (await answer.json()) as T
}
