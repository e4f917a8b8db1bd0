import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { BadRequest } from './bad-request.ts'

/** What came back. */
export interface BadAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly milliseconds: number
}

/**
 * Sends requests as they stand, some at a time.
 *
 * @param url of the server
 * @param atOnce how many wait for their answer at a time
 * @returns the answers, in the order of the requests
 */
export async function sendAll(
  url: string,
  token: string,
  requests: readonly BadRequest[],
  atOnce = 8,
): Promise<BadAnswer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const answers: BadAnswer[] = []
  const waiting = requests.entries()
  const worker = async () => {
    for (const [index, bad] of waiting) answers[index] = await send(agent, url, token, bad)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  agent.destroy()
  return answers
}

/** A server may refuse a body before it has all of it, and hang up: the answer counts. */
function send(agent: Agent, url: string, token: string, bad: BadRequest): Promise<BadAnswer> {
  const { method = 'GET', path, headers, body } = bad
  const start = performance.now()
  const { hostname, port } = new URL(url)
  const all = {
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/fhir+json' }),
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('close', () => {
        const { statusCode: status = 0, headers: given } = response
        const text = Buffer.concat(chunks).toString()
        resolve({ status, headers: given, text, milliseconds: performance.now() - start })
      })
    })
    sent.on('error', (cause) => reject(new Error(`no answer: ${bad.what}`, { cause })))
    sent.end(body)
  })
}

/** Writes a message to a socket of its own, and reads what comes until the server hangs up. */
export function sendMessage(url: string, message: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(Number(port), hostname, () => socket.write(message))
    socket
      .on('data', (data) => (received += data.toString()))
      .on('close', () => resolve(received))
      .on('error', (error) => (received === '' ? reject(error) : resolve(received)))
  })
}
