import pg from 'pg'
import { createHash } from 'node:crypto'
import { AuthSeal, sealedPlace } from '../../src/auth/auth-seal.ts'
import type { Settings } from '../../src/config.ts'
import { redirectUri } from './app-launch.ts'
import { peopleFile } from './people.ts'
import { addClient } from './registered-client.ts'
import { startServer, type Client, type TestServer } from './server.ts'

export const secret = 'a long secret of forty characters, or so'

/** A server with people, apps and a few records; each of the people and apps is what their name says. */
export interface LaunchWorld {
  readonly server: TestServer
  readonly backend: Client
  /** logical ids */
  readonly patient: string
  readonly other: string
  readonly encounter: string
  /** SQL as the owner of the database */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult<Record<string, unknown>>>
  close(): Promise<void>
}

export async function launchWorld(
  given: Partial<Settings> = {},
  keys: readonly object[] = [],
): Promise<LaunchWorld> {
  const people = ['doctor', 'nurse', 'patient', 'mother', 'nobody']
  const users = peopleFile(people.map((username) => ({ username })))
  const server = await startServer({ COFFRE_USERS_FILE: users, ...given })
  const owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  const query = (text: string, values: unknown[] = []) => owner.query<Record<string, unknown>>(text, values)
  for (const [clientId, client] of Object.entries(apps(keys))) {
    await addClient(server, { client_id: clientId, ...client })
  }
  await query(`INSERT INTO auth.client SELECT 'ehr', metadata || '{"client_id":"ehr"}', scope, '{launch}'
    FROM auth.client WHERE client_id = 'test-client'`)
  const backend = await server.client()
  const records = await addRecords(backend)
  await addRights(server, query, records)
  const close = async () => {
    await owner.end()
    await server.close()
  }
  return { server, backend, ...records, query, close }
}

const words = 'openid fhirUser launch launch/patient launch/encounter offline_access online_access'

function apps(keys: readonly object[]) {
  const app = {
    client_name: 'An app',
    scope: `${words} patient/*.cruds user/*.cruds`,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
  const hash = createHash('sha256').update(secret).digest('hex')
  return {
    public: { ...app, token_endpoint_auth_method: 'none' },
    basic: { ...app, token_endpoint_auth_method: 'client_secret_basic', client_secret_hash: hash },
    keyed: { ...app, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } },
    limited: {
      ...app,
      token_endpoint_auth_method: 'none',
      scope: 'launch/patient patient/Observation.rs',
      grant_types: ['authorization_code'],
    },
  }
}

async function addRecords(backend: Client) {
  const create = async (type: string, resource: object) => {
    const { body } = await backend.post(`/fhir/${type}`, { resourceType: type, ...resource })
    return String((body as { id?: unknown }).id)
  }
  const patient = await create('Patient', { name: [{ family: 'Essai' }] })
  const other = await create('Patient', { name: [{ family: 'Autre' }] })
  const encounter = await create('Encounter', {
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: `Patient/${patient}` },
  })
  const related = await create('RelatedPerson', { patient: { reference: `Patient/${patient}` } })
  const practitioner = await create('Practitioner', { active: true })
  return { patient, other, encounter, related, practitioner }
}

async function addRights(
  server: TestServer,
  query: LaunchWorld['query'],
  { patient, related, practitioner }: Awaited<ReturnType<typeof addRecords>>,
): Promise<void> {
  const seal = server.app.get(AuthSeal, { strict: false })
  const give = (username: string, scope: string, emergency: string, fhirUser: string) =>
    query(`UPDATE auth.person SET scope = $2, emergency_scope = $3, fhir_user = $4 WHERE username = $1`, [
      ...[username, scope, emergency],
      seal.seal(fhirUser, sealedPlace.fhirUser(username)),
    ])
  await give('doctor', 'user/*.cruds', '', `Practitioner/${practitioner}`)
  await give('nurse', 'user/Observation.rs user/Patient.rs', 'user/*.rs', `Practitioner/${practitioner}`)
  await give('patient', 'patient/*.rs', '', `Patient/${patient}`)
  await give('mother', 'patient/*.rs', '', `RelatedPerson/${related}`)
}
