import pg from 'pg'
import type { TestServer } from './server.ts'

/** Registers a client while the server runs, as the clients file would: its clinical scopes are its policy. */
export async function addClient(
  server: TestServer,
  metadata: Readonly<Record<string, unknown>> & { readonly client_id: string; readonly scope: string },
  grants: readonly string[] = [],
): Promise<void> {
  const policy = metadata.scope
    .split(' ')
    .filter((scope) => scope.includes('/') && !scope.startsWith('launch'))
  const owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  const values = [metadata.client_id, JSON.stringify(metadata), policy.join(' '), grants]
  await owner.query(
    `INSERT INTO auth.client (client_id, metadata, scope, grants) VALUES ($1, $2, $3, $4)`,
    values,
  )
  await owner.end()
}
