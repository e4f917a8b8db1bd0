import type { AuditEvent } from 'fhir/r4.js'
import pg from 'pg'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import supertest from 'supertest'
import { report, verifyTrail } from '../../src/cli/audit.ts'
import { Settings } from '../../src/config.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Everything on record: each access writes an AuditEvent into a keyed chain, before it is answered, and
 * `npx coffre audit verify` finds any row changed, removed or added.
 */
let server: TestServer
let client: Client
let owner: pg.Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
})

afterAll(async () => {
  await owner.end()
  await server.close()
})

const canaries = { mrn: 'MRN-8841-KRAKEN', family: 'Wolpertinger', identifier: 'IPP-31337-YETI' }

const patient = {
  resourceType: 'Patient',
  id: canaries.mrn,
  identifier: [{ system: 'urn:oid:1.2.3', value: canaries.identifier }],
  name: [{ family: canaries.family }],
}
const observation = {
  resourceType: 'Observation',
  id: 'glucose-1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '15074-8' }] },
  subject: { reference: `Patient/${canaries.mrn}` },
}

/** The events that `work` put on record. */
async function recordedBy(work: () => PromiseLike<unknown>): Promise<AuditEvent[]> {
  const select = 'SELECT body FROM audit.event ORDER BY chain, sequence'
  const before = (await owner.query(select)).rows.length
  await work()
  const { rows } = await owner.query<{ body: string }>(select)
  return rows.slice(before).map(({ body }) => JSON.parse(body) as AuditEvent)
}

/** `action interaction outcome: what was touched` */
function told({ action, subtype, outcome, entity = [] }: AuditEvent): string {
  const what = entity.flatMap(({ what }) => what?.reference ?? []).map((reference) => mask(reference))
  const line = `${action} ${subtype?.[0]?.code} ${outcome}`
  return what.length === 0 ? line : `${line}: ${what.join(' ')}`
}

const mask = (reference: string) => reference.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'KEY')

describe('each access to the care base is on record', () => {
  it.each<[string, string, () => PromiseLike<unknown>]>([
    [
      'U update 0: Patient/KEY Patient/KEY/_history/1',
      'an update',
      () => client.put(`/fhir/Patient/${canaries.mrn}`, patient),
    ],
    [
      'U update 0: Patient/KEY Observation/glucose-1/_history/1',
      'one in a compartment',
      () => client.put('/fhir/Observation/glucose-1', observation),
    ],
    [
      'R read 0: Patient/KEY Observation/glucose-1/_history/1',
      'a read',
      () => client.get('/fhir/Observation/glucose-1'),
    ],
    [
      'R vread 0: Patient/KEY Observation/glucose-1/_history/1',
      'a vread',
      () => client.get('/fhir/Observation/glucose-1/_history/1'),
    ],
    [
      'E search-type 0: Patient/KEY Observation/glucose-1/_history/1',
      'a search',
      () => client.get(`/fhir/Observation?patient=${canaries.mrn}`),
    ],
    [
      'E search-type 0: Patient/KEY Patient/KEY/_history/1',
      'a search by identity',
      () => client.get(`/fhir/Patient?identifier=${canaries.identifier}&name=${canaries.family}`),
    ],
    ['E search-type 0', 'a search that found nothing', () => client.get('/fhir/Observation?code=nothing')],
    [
      'R history-instance 0: Patient/KEY Observation/glucose-1/_history/1',
      'a history',
      () => client.get('/fhir/Observation/glucose-1/_history'),
    ],
    ['R read 4', 'a read of what is not known', () => client.get('/fhir/Observation/unknown')],
    [
      'E search-type 4',
      'a search with an unknown parameter',
      () => client.get(`/fhir/Patient?${canaries.family}=x`),
    ],
    [
      'C create 4',
      'a create of nonsense',
      () => client.post('/fhir/Observation', { resourceType: 'Observation' }),
    ],
    ['R read 4', 'a caller without a token', () => supertest(server.url).get('/fhir/Observation/glucose-1')],
    [
      'D delete 0: Patient/KEY Observation/glucose-1',
      'a delete',
      () => client.delete('/fhir/Observation/glucose-1'),
    ],
  ])('as %s for %s', async (line, _, work) => {
    const events = await recordedBy(work)
    expect(events.map(told).map((each) => each.replace(/(glucose-1)\/_history\/2$/, '$1'))).toEqual([line])
  })

  it('and a page of a Bundle’s entries one by one', async () => {
    const entry = ['b-1', 'b-2'].map((id) => ({
      resource: { ...observation, id },
      request: { method: 'PUT', url: `Observation/${id}` },
    }))
    const events = await recordedBy(() =>
      client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }),
    )
    expect(events.map(told)).toEqual(
      expect.arrayContaining(
        ['b-1', 'b-2'].map((id) => `U update 0: Patient/KEY Observation/${id}/_history/1`),
      ),
    )
  })

  it('without anything that identifies a patient, in queries neither', async () => {
    const { rows } = await owner.query<{ body: string }>('SELECT body FROM audit.event')
    const queries = rows
      .flatMap(({ body }) => (JSON.parse(body) as AuditEvent).entity ?? [])
      .flatMap(({ query }) => (query === undefined ? [] : [Buffer.from(query, 'base64').toString()]))
    expect(queries).toContain('Patient?identifier&name')
    const written = [...rows.map(({ body }) => body), ...queries].join('\n').toLowerCase()
    for (const canary of Object.values(canaries)) expect(written).not.toContain(canary.toLowerCase())
  })

  it('or is not answered', async () => {
    await owner.query('ALTER TABLE audit.event RENAME TO elsewhere')
    try {
      const answer = await client.get(`/fhir/Patient/${canaries.mrn}`)
      expect(answer.status).toBe(503)
      expect(answer.text).not.toContain(canaries.family)
    } finally {
      await owner.query('ALTER TABLE audit.elsewhere RENAME TO event')
    }
    expect((await client.get(`/fhir/Patient/${canaries.mrn}`)).status).toBe(200)
  })
})

describe('coffre audit verify', () => {
  it('says that an untouched trail is whole', async () => {
    const verification = await verifyTrail(server.settings, process.stderr)
    expect(verification.faults).toEqual([])
    expect(verification.events).toBeGreaterThan(10)
    expect(report(verification)).toMatch(/^audit trail: 1 chains, \d+ events, .*\nwhole: /)
  })

  it.each<[string, string, RegExp]>([
    [
      'a body',
      `UPDATE audit.event SET body = replace(body, '"R"', '"E"') WHERE sequence = 3`,
      /event 3 .* changed/,
    ],
    [
      'a time',
      `UPDATE audit.event SET recorded_at = recorded_at + interval '1 ms' WHERE sequence = 3`,
      /event 3 .* changed/,
    ],
    [
      'a MAC',
      `UPDATE audit.event SET mac = set_byte(mac, 0, 255 - get_byte(mac, 0)) WHERE sequence = 3`,
      /event 3 .* changed/,
    ],
    [
      'the order of two',
      `UPDATE audit.event SET sequence = 1000 WHERE sequence = 3; UPDATE audit.event SET sequence = 3 WHERE sequence = 4; UPDATE audit.event SET sequence = 4 WHERE sequence = 1000`,
      /event 3 .* changed/,
    ],
    ['the first, taken away', `DELETE FROM audit.event WHERE sequence = 1`, /event 1 .* removed/],
    ['one taken away', `DELETE FROM audit.event WHERE sequence = 3`, /event 3 .* removed/],
    [
      'the last, taken away',
      `DELETE FROM audit.event WHERE sequence = (SELECT max(sequence) FROM audit.event)`,
      /event \d+ .* removed/,
    ],
    ['all taken away', `DELETE FROM audit.event`, /event \d+ .* removed/],
    [
      'all and their chain',
      `WITH gone AS (DELETE FROM audit.event) DELETE FROM audit.chain`,
      /header of chain .* removed/,
    ],
    [
      'one added at the end',
      `INSERT INTO audit.event SELECT chain, 1 + (SELECT max(sequence) FROM audit.event), recorded_at, body, mac FROM audit.event WHERE sequence = 3`,
      /event \d+ .* added/,
    ],
    [
      'one of another chain',
      `INSERT INTO audit.event SELECT gen_random_uuid(), 1, recorded_at, body, mac FROM audit.event WHERE sequence = 1`,
      /event 1 .* belongs to no chain/,
    ],
    [
      'a chain’s start',
      `UPDATE audit.chain SET started_at = started_at - interval '1 day'`,
      /header of chain .* changed/,
    ],
    [
      'a chain begun by another hand',
      `INSERT INTO audit.chain SELECT gen_random_uuid(), 2, started_at, witnessed, mac FROM audit.chain`,
      /header of chain .* added/,
    ],
  ])('finds %s', async (_, change, told) => {
    await tampered(change, async () => {
      expect(report(await verifyTrail(server.settings, process.stderr))).toMatch(told)
    })
  })

  it('refuses to work without the keyring, and makes none', async () => {
    const COFFRE_KEYRING = join(server.settings.dataDir, 'no-such-keyring.json')
    const settings = Object.assign(new Settings(), server.settings, { COFFRE_KEYRING })
    await expect(verifyTrail(settings, process.stderr)).rejects.toThrow(/COFFRE_KEYRING: no such file/)
    expect(existsSync(COFFRE_KEYRING)).toBe(false)
  })
})

/** Changes rows as somebody with all rights on the database could, and puts them back afterwards. */
async function tampered(change: string, work: () => Promise<void>): Promise<void> {
  await owner.query(
    `CREATE TABLE event_copy AS TABLE audit.event; CREATE TABLE chain_copy AS TABLE audit.chain;
     SET session_replication_role = replica`, // no trigger stands in the way
  )
  try {
    await owner.query(change)
    await work()
  } finally {
    await owner.query(`
      TRUNCATE audit.event, audit.chain;
      INSERT INTO audit.event TABLE event_copy; DROP TABLE event_copy;
      INSERT INTO audit.chain TABLE chain_copy; DROP TABLE chain_copy;
      RESET session_replication_role`)
  }
}
