import { jest } from '@jest/globals'
import pg from 'pg'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { generatePatients } from '../../src/demo/generate.ts'
import { parseJson, stringifyJson, type Json, type JsonObject } from '../../src/fhir/json.ts'
import { ServerLog } from '../../src/log.ts'
import { startCluster, type Cluster } from '../../src/store/embedded.ts'
import { exported, lines } from '../export/bulk-client.ts'
import { canaryBirthDate, Canaries, canaryResource, stem, variantsOf } from '../support/canaries.ts'
import { mistakes } from '../support/canary-mistakes.ts'
import {
  find,
  findInFiles,
  findInTables,
  floatsOfDay,
  formsOfDay,
  needles,
} from '../support/canary-search.ts'
import { withVaultBeside } from '../support/database.ts'
import { call } from '../support/merging.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Nothing identifying at rest outside the vault's ciphertext: every identity and free-text element of six
 * types carries a canary; they are written, changed, deleted, searched for, refused and exported; then all
 * tables, the cluster's files, the data folder, the server's log and its errors are
 * searched. The vault's own tables are no exception: what they hold is sealed.
 */
const types = ['Patient', 'Observation', 'ImagingStudy', 'DiagnosticReport', 'Encounter', 'Condition']
const phone = '33639987710'
const socialSecurityNumber = '137113599988842'
const secrets = [stem, phone, `0${phone.slice(2)}`, socialSecurityNumber, ...formsOfDay(canaryBirthDate)]
const forbidden = [...needles(secrets), ...floatsOfDay(canaryBirthDate)]

const canaries = new Canaries()
const word = () => canaries.next('request')
const printed: string[] = []
const errors: string[] = []
const stored = new Map<string, string>()

let folder: string
let cluster: Cluster
let databases: string[]
let server: TestServer
let care: Client

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffre-at-rest-'))
  chmodSync(folder, 0o711)
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, method).mockImplementation((...said) => void printed.push(said.map(String).join(' ')))
  }
  cluster = await startCluster(join(folder, 'cluster'), ['fsync=off'])
  databases = await withVaultBeside(cluster.url)
  const log = new ServerLog('trace', { write: (line) => void printed.push(line) })
  server = await startServer({ DATABASE_URL: cluster.url }, log)
  care = await server.client()
  await write()
}, 60_000)

afterAll(async () => {
  jest.restoreAllMocks()
  await server.close()
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

/** Everything that is found anywhere. */
async function look(): Promise<string[]> {
  return [
    ...find('log', Buffer.from(printed.join('\n')), forbidden),
    ...errors.flatMap((text) => find('error', Buffer.from(text), forbidden)),
    ...(await findInTables(databases, forbidden)),
    ...findInFiles(folder, forbidden),
    ...findInFiles(server.settings.dataDir, forbidden),
  ]
}

async function put(type: string, id: string, variant: number, patient: string): Promise<void> {
  const subject = { patient, day: '2024-05-06' }
  const body = stringifyJson(canaryResource(canaries, type, id, subject, variant))
  const answer = await care.put(`/fhir/${type}/${id}`, body)
  expect([type, variant, answer.status < 300 ? '' : answer.text]).toEqual([type, variant, ''])
  stored.set(`${type}/${id}`, body)
}

const patientIds = [0, 1, 2, 3].map((n) => `${stem}-id-${n}`)
const [alive = '', deleted = '', changed = '', plain = ''] = patientIds

async function write(): Promise<void> {
  for (const id of [alive, deleted, changed]) await put('Patient', id, patientIds.indexOf(id), id)
  for (const type of types.slice(1)) {
    for (let variant = 0; variant < variantsOf(type); variant++)
      await put(type, `${type}-${variant}`, variant, alive)
    await put(type, `${type}-gone`, 0, deleted)
  }
  // later versions, with canaries of their own
  for (const type of types.slice(1)) await put(type, `${type}-0`, 1, changed)
  await put('Patient', changed, 1, changed)
  for (const type of types.slice(1))
    expect((await care.delete(`/fhir/${type}/${type}-gone`)).status).toBe(204)
  expect((await care.delete(`/fhir/Patient/${deleted}`)).status).toBe(204)
  const resources = [plainPatient(), ...[...generatePatients({ seed: 3, patients: 2 })].flat()]
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${String(resource['id'])}` },
  }))
  const loaded = await care.post(
    '/fhir',
    stringifyJson({ resourceType: 'Bundle', type: 'transaction', entry }),
  )
  expect(loaded.status).toBe(200)
}

/** As hospitals write them: numbers and a French address, in which a part may stay in clear. */
function plainPatient() {
  const address = { line: [word()], city: word(), district: word(), postalCode: '35042', country: 'FR' }
  return {
    resourceType: 'Patient',
    id: plain,
    identifier: [{ system: 'urn:oid:1.2.250.1.213.1.4.8', value: socialSecurityNumber }],
    name: [{ family: word(), given: [word()] }],
    telecom: [{ system: 'phone', value: `+${phone}` }],
    birthDate: canaryBirthDate,
    _birthDate: {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime',
          valueDateTime: `${canaryBirthDate}T04:05:06Z`,
        },
      ],
    },
    address: [address],
  }
}

/** The canary that stands at a path of the latest canaried resource that has it. */
function at(path: string): string {
  const [canary] = [...canaries.planted].findLast(([, where]) => where === path) ?? []
  if (canary === undefined) throw new TypeError(`no canary at ${path}`)
  return canary
}

it('plants a canary in each element of the six types that names, reaches, depicts or tells', () => {
  const paths = new Set(canaries.planted.values())
  expect(knownPlaces.filter((path) => !paths.has(path))).toEqual([])
  expect(canaries.planted.size).toBeGreaterThan(30_000)
  expect(paths.size).toBeGreaterThan(3_000)
})

/** A few from each chapter of PRIVACY's tables, by hand. */
const knownPlaces = [
  ...['Patient.name.family', 'Patient.identifier.value', 'Patient.telecom.value', 'Patient.address.line'],
  ...['Patient.photo.data', 'Patient.contact.name.given', 'Patient.text.div', 'Patient._birthDate'],
  ...['Patient.contained(RelatedPerson).name.family', 'Patient.generalPractitioner.display'],
  ...[
    'Observation.note.text',
    'Observation.valueString',
    'Observation.code.text',
    'Observation.component.valueString',
  ],
  ...[
    'Observation.code.coding.display',
    'Observation.referenceRange.text',
    'Observation.subject.identifier.value',
  ],
  ...[
    'ImagingStudy.identifier.value',
    'ImagingStudy.series.description',
    'ImagingStudy.series.instance.title',
  ],
  ...[
    'DiagnosticReport.conclusion',
    'DiagnosticReport.presentedForm.data',
    'DiagnosticReport.presentedForm.url',
  ],
  ...['Encounter.identifier.value', 'Encounter.reasonCode.text', 'Encounter.location.location.display'],
  ...['Condition.note.text', 'Condition.onsetString', 'Condition.extension.valueHumanName.family'],
]

it('keeps what it was given: the canaries come back to care', async () => {
  const answer = await care.get(`/fhir/Observation/Observation-5`)
  const sent = stored.get('Observation/Observation-5')?.match(new RegExp(`${stem}\\d+`, 'g')) ?? []
  expect(sent.length).toBeGreaterThan(1000)
  expect(sent.filter((canary) => !answer.text.includes(canary))).toEqual([])
})

it('finds patients by their canaries, asked by GET and by POST', async () => {
  const asked: [type: string, parameter: string, value: string][] = [
    ['Patient', 'family', at('Patient.name.family')],
    ['Patient', 'name', at('Patient.name.given').toLowerCase()],
    ['Patient', 'family:exact', at('Patient.name.family')],
    ['Patient', 'given:contains', at('Patient.name.given').slice(3)],
    ['Patient', 'identifier', at('Patient.identifier.value')],
    ['Patient', 'identifier', socialSecurityNumber],
    ['Patient', 'telecom', at('Patient.telecom.value')],
    ['Patient', 'address-city', at('Patient.address.city')],
    ['Patient', 'birthdate', canaryBirthDate],
    ['Patient', '_id', alive],
    ['Observation', 'patient', `Patient/${alive}`],
    ['Observation', 'patient.family', at('Patient.name.family')],
    ['Observation', 'value-string', at('Observation.valueString')],
  ]
  for (const [type, parameter, value] of asked) {
    const got = await care.get(`/fhir/${type}?${parameter}=${encodeURIComponent(value)}&_count=1`)
    const form = `${encodeURIComponent(parameter)}=${encodeURIComponent(value)}&_count=1`
    const posted = await care.post(`/fhir/${type}/_search`, form).type('application/x-www-form-urlencoded')
    for (const answer of [got, posted]) {
      const { entry = [] } = answer.body as { entry?: unknown[] }
      expect([parameter, answer.status, entry.length > 0]).toEqual([parameter, 200, true])
    }
    const { link = [] } = got.body as { link?: { relation: string; url: string }[] }
    const next = link.find(({ relation }) => relation === 'next')
    if (next) expect((await care.get(next.url)).status).toBe(200)
  }
})

it('merges two of them, refuses to merge what is not there, and undoes it', async () => {
  const other = `${stem}-id-4`
  const number = word()
  const twin = { ...plainPatient(), id: other, identifier: [{ system: 'urn:ipp', value: number }] }
  await care.put(`/fhir/Patient/${other}`, twin).expect(201)
  for (const type of types.slice(1)) await put(type, `${type}-other`, 0, other)
  const reason = { name: 'reason', valueString: word() }
  const merged = await care.post('/fhir/Patient/$merge', call(other, plain, reason)).expect(200)
  expect(merged.text).toContain(number)
  const moved = await care.get('/fhir/Observation/Observation-other').expect(200)
  expect(moved.body).toMatchObject({ subject: { reference: `Patient/${plain}` } })
  const refused = await care.post('/fhir/Patient/$merge', call(word(), plain, reason))
  errors.push(`${refused.text}\n${JSON.stringify(refused.headers)}`)
  expect(refused.status).toBe(404)
  await care.post('/fhir/Patient/$undo-merge', call(other, plain, reason)).expect(200)
  for (const type of types.slice(1)) {
    const url = `${type}/${type}-other`
    const restored = (await care.get(`/fhir/${url}`)).text
    expect([url, withoutMeta(restored)]).toEqual([url, withoutMeta(stored.get(url) ?? '')])
  }
})

function withoutMeta(text: string): Json {
  const { meta: _, ...others } = parseJson(text) as JsonObject
  return others
}

it('exports them whole into the safe', async () => {
  const client = await server.client('system/*.rs')
  const { manifest } = await exported(client, '/fhir/$export')
  const all = await lines(client, manifest.output)
  expect(JSON.stringify(all)).toContain(at('Patient.name.family'))
  const filter = encodeURIComponent(`Patient?family=${at('Patient.name.family')}`)
  const filtered = await exported(client, `/fhir/$export?_type=Patient&_typeFilter=${filter}`)
  expect(filtered.manifest.output.map(({ count }) => count)).toEqual([1])
})

describe('no error repeats one', () => {
  it.each(mistakes.map(({ what }, index) => [what, index] as const))('of %s', async (_what, index) => {
    const ask = mistakes[index]?.ask
    const answer = await ask?.({ server, care, word, known: alive, deleted })
    errors.push(`${answer?.text}\n${JSON.stringify(answer?.headers)}`)
    expect(answer?.status).toBeGreaterThanOrEqual(400)
    expect(answer?.status).toBeLessThan(500)
    expect(find('error', Buffer.from(errors.at(-1) ?? ''), forbidden)).toEqual([])
  })

  it('of the database refusing a row that holds them, either', async () => {
    const owner = new pg.Client({ connectionString: cluster.url })
    await owner.connect()
    const constraint = `CHECK (type <> 'Condition') NOT VALID`
    await owner.query(`ALTER TABLE clinical.resource ADD CONSTRAINT broken ${constraint}`)
    const body = stringifyJson(
      canaryResource(canaries, 'Condition', 'never', { patient: alive, day: '2024-05-06' }, 0),
    )
    const answer = await care.put('/fhir/Condition/never', body)
    await owner.query('ALTER TABLE clinical.resource DROP CONSTRAINT broken')
    await owner.end()
    errors.push(`${answer.text}\n${JSON.stringify(answer.headers)}`)
    expect(answer.status).toBe(500)
  })
})

it('leaves none at rest, in logs or in errors', async () => {
  for (const path of ['/metrics', '/health/ready', '/health/live', '/fhir/metadata']) {
    errors.push((await supertest(server.url).get(path)).text)
  }
  expect(printed.join('\n')).toMatch(/PUT \/fhir/) // the log was heard
  expect(await look()).toEqual([])
}, 60_000)

it('would have seen one in a table, an index, a file, the log: in any case and encoding', async () => {
  const owner = new pg.Client({ connectionString: cluster.url })
  await owner.connect()
  const leaks = [
    stem.toLowerCase(),
    Buffer.from(`x${stem}y`).toString('base64'),
    Buffer.from(stem).toString('hex'),
  ]
  await owner.query('CREATE SCHEMA planted')
  await owner.query('CREATE TABLE planted.leak (held text, born double precision)')
  await owner.query('CREATE INDEX leak_held ON planted.leak (held)')
  for (const leak of leaks)
    await owner.query('INSERT INTO planted.leak VALUES ($1, $2)', [leak, Date.parse(canaryBirthDate)])
  await owner.query('CHECKPOINT')
  const { rows } = await owner.query<{ file: string }>(
    `SELECT pg_relation_filepath('planted.leak_held') AS file`,
  )
  await owner.end()
  writeFileSync(join(server.settings.dataDir, 'planted.tmp'), `{"birthDate":"${canaryBirthDate}"}`)
  printed.push(stem.toUpperCase())
  const found = (await look()).join('\n')
  const index = `file cluster/data/${rows[0]?.file}`
  for (const place of ['table planted.leak', index, 'log', 'file planted.tmp']) expect(found).toContain(place)
  for (const form of ['(plain)', '(hex)', '(base64 from 1)', '(float8)']) expect(found).toContain(form)
}, 60_000)
