import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { timed } from './figure.ts'

/** Seconds to COPY the same texts into a table of id and text. */
export async function bareCopy(url: string, texts: readonly string[]): Promise<number> {
  return withClient(url, async (client) => {
    await client.query('CREATE TABLE public.bench_limit (id bigint PRIMARY KEY, body text NOT NULL)')
    const seconds = await timed(async () => {
      const lines = texts.map(
        (text, id) =>
          `${id}\t${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}\n`,
      )
      await pipeline(Readable.from(lines), client.query(copyFrom('COPY public.bench_limit FROM STDIN')))
    })
    await client.query('DROP TABLE public.bench_limit')
    return seconds
  })
}

/** Seconds, five times, to fetch clinical rows by id through a bare HTTP server and a prepared SELECT. */
export async function bareRead(url: string, ids: readonly string[]): Promise<number[]> {
  return withClient(url, async (client) => {
    const text = `SELECT body FROM clinical.resource WHERE type = 'Observation' AND id = $1`
    const server = createServer((request, response) => {
      void client
        .query<{ body: string }>({ name: 'read', text, values: [request.url?.slice(1)] })
        .then(({ rows }) => response.setHeader('Content-Type', 'application/fhir+json').end(rows[0]?.body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const runs: number[] = []
    for (let run = 0; run < 5; run++) {
      runs.push(
        await timed(async () => {
          for (const id of ids) await (await fetch(`${base}/${id}`)).text()
        }),
      )
    }
    server.closeAllConnections()
    server.close()
    return runs
  })
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
