import type { Client } from '../support/server.ts'

/** What a client reads of a manifest. */
export interface Manifest {
  readonly transactionTime: string
  readonly request: string
  readonly requiresAccessToken: boolean
  readonly output: readonly ManifestItem[]
  readonly error: readonly ManifestItem[]
}

export interface ManifestItem {
  readonly type: string
  readonly url: string
  readonly count: number
  readonly extension: { readonly bytes: number; readonly sha256: string }
}

export interface Line {
  readonly resourceType: string
  readonly id: string
  readonly [element: string]: unknown
}

/** A kick-off by GET with the two headers that it takes. */
export function kickoff(client: Client, url: string) {
  return client.get(url).set('Accept', 'application/fhir+json').set('Prefer', 'respond-async')
}

/** A kick-off by POST of a Parameters resource. */
export function kickoffByPost(client: Client, url: string, parameter: readonly object[] = []) {
  const parameters = { resourceType: 'Parameters', parameter }
  return client.post(url, parameters).set('Accept', 'application/fhir+json').set('Prefer', 'respond-async')
}

/** Starts an export and polls until its manifest is there. */
export async function exported(client: Client, url: string): Promise<{ job: string; manifest: Manifest }> {
  const started = await kickoff(client, url).expect(202)
  const job = started.headers['content-location'] as string
  return { job, manifest: await manifestOf(client, job) }
}

/** Polls a job until its manifest is there. */
export async function manifestOf(client: Client, job: string): Promise<Manifest> {
  for (;;) {
    const status = await client.get(job)
    if (status.status === 200) return status.body as Manifest
    if (status.status !== 202) throw new Error(`status ${status.status}: ${status.text}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function ndjson(client: Client, url: string): Promise<string> {
  const answer = await client
    .get(url)
    .buffer(true)
    .parse((response, done) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => done(null, Buffer.concat(chunks).toString('utf8')))
    })
    .expect(200)
  return answer.body as string
}

/** Every resource of an export's output, in the manifest's order. */
export async function lines(client: Client, items: readonly ManifestItem[]): Promise<Line[]> {
  const texts: string[] = []
  for (const { url } of items) texts.push(await ndjson(client, url))
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  )
}
