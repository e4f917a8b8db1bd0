import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restrict, type CareAccess } from '../../src/access/access.ts'
import { parseJson, stringifyJson, type JsonObject, type Resource } from '../../src/fhir/json.ts'
import { parseQuery } from '../../src/fhir/search/parse-query.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { save } from '../../src/store/resources.ts'
import { count, search } from '../../src/store/search.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'

const zone = 'Europe/Paris'
const base = 'http://localhost:8080/fhir'
const folder = mkdtempSync(join(tmpdir(), 'coffre-gate-'))
const access: CareAccess = {
  kind: 'care',
  caller: { clientId: 'ehr', userId: undefined, tokenId: 't', ip: undefined },
  scopes: [
    { context: 'system', type: '*', permissions: new Set(['c', 'r', 'u', 'd', 's'] as const), filters: [] },
  ],
  patient: undefined,
  grants: new Set(),
}

let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store
let gate: Gate

const written: Resource[] = [
  resource({
    resourceType: 'Patient',
    id: 'IPP-0042',
    identifier: [{ system: 'urn:oid:1.2.250.1.213.1.4.8', value: '180036802400129' }],
    name: [{ family: 'Le Goff-Médard', given: ['Anaïs', 'Zoé'] }],
    telecom: [{ system: 'phone', value: '06 39 98 12 34' }],
    gender: 'female',
    birthDate: '1980-03-07',
    address: [{ line: ['12 rue de la Soif'], city: 'Rennes', postalCode: '35000', country: 'FR' }],
  }),
  resource({
    resourceType: 'Patient',
    id: 'IPP-0043',
    name: [{ family: 'Legoff' }],
    gender: 'male',
    birthDate: '1944-11',
  }),
  resource({
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '2160-0', display: 'Créatinine' }], text: 'créat' },
    subject: { reference: 'Patient/IPP-0042', display: 'Anaïs Le Goff' },
    effectiveDateTime: '2024-02-10T08:30:00+01:00',
    valueQuantity: {
      value: { raw: '84.50' },
      unit: 'µmol/L',
      system: 'http://unitsofmeasure.org',
      code: 'umol/L',
    },
    note: [{ text: 'appeler Mme Le Goff' }],
  }),
  resource({
    resourceType: 'Observation',
    id: 'o2',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
    subject: { reference: `${base}/Patient/IPP-0043` },
    effectiveDateTime: '2023-12',
    valueQuantity: { value: { raw: '7.1' }, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
  }),
  resource({
    resourceType: 'Condition',
    id: 'c1',
    code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'E11' }] },
    subject: { reference: 'Patient/IPP-0043' },
    recordedDate: '2020-05-01',
  }),
]

/** A number written as `{ raw: '84.50' }` keeps its digits. */
function resource(plain: object): Resource {
  const text = JSON.stringify(plain).replace(/\{"raw":"([^"]+)"\}/g, '$1')
  const parsed = parseJson(text) as Resource
  parsed['meta'] = { versionId: '1', lastUpdated: '2026-01-01T00:00:00.000Z' }
  return parsed
}

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
  const keyring = openKeyring(join(folder, 'keyring.json'))
  gate = new Gate(new Vault(keyring), undefined as unknown as Permits, keyring, zone, base)
  await store.transaction('care', async (tx) => {
    const updatedAt = new Date('2026-01-01T00:00:00Z')
    const inputs = written.map((one) => ({ resource: one, version: 1, updatedAt, method: 'PUT' as const }))
    await save(tx, await gate.admit(tx, inputs))
  })
})

afterAll(async () => {
  await store.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

async function find(url: string): Promise<string[]> {
  const [type = '', parameters = ''] = url.split('?')
  const { query } = parseQuery(type, [...new URLSearchParams(parameters)], { zone, handling: 'strict', base })
  return store.read('care', async (tx) => {
    const prepared = await gate.prepare(tx, restrict(access, query))
    const { rows } = await search(tx, prepared, { limit: 10 })
    expect(await count(tx, prepared)).toBe(rows.length)
    return (await gate.release(tx, access, rows)).map(({ id }) => id)
  })
}

it('gives back what was written, digit by digit', async () => {
  for (const one of written) {
    const id = String((one as JsonObject)['id'])
    const [released] = await store.read('care', async (tx) => {
      const { query } = parseQuery(one.resourceType, [['_id', id]], { zone, handling: 'strict', base })
      const { rows } = await search(tx, await gate.prepare(tx, restrict(access, query)), { limit: 2 })
      return gate.release(tx, access, rows)
    })
    expect(released?.text).toBe(stringifyJson(one))
    expect(released?.id).toBe(id)
  }
})

it.each([
  ['Patient?identifier=180036802400129', ['IPP-0042']],
  ['Patient?identifier=urn:oid:1.2.250.1.213.1.4.8|180036802400129', ['IPP-0042']],
  ['Patient?identifier=urn:oid:9|180036802400129', []],
  ['Patient?identifier=urn:oid:1.2.250.1.213.1.4.8|', ['IPP-0042']],
  ['Patient?family=le goff', ['IPP-0042']],
  ['Patient?family=LE', ['IPP-0042', 'IPP-0043']],
  ['Patient?family=goff', []],
  ['Patient?family:contains=MEDARD', ['IPP-0042']],
  ['Patient?family:exact=Le Goff-Médard', ['IPP-0042']],
  ['Patient?family:exact=le goff-médard', []],
  ['Patient?given=anais,zoe', ['IPP-0042']],
  ['Patient?name=zoe', ['IPP-0042']],
  ['Patient?phone=06 39 98 12 34', ['IPP-0042']],
  ['Patient?phone:missing=true', ['IPP-0043']],
  ['Patient?address-city=rennes', ['IPP-0042']],
  ['Patient?birthdate=1980-03-07', ['IPP-0042']],
  ['Patient?birthdate=1980', ['IPP-0042']],
  ['Patient?birthdate=ge1944-11&birthdate=lt1980', ['IPP-0043']],
  ['Patient?birthdate=gt1980-03-07', []],
  ['Patient?birthdate=ge1980-03-07', ['IPP-0042']],
  ['Patient?gender=female', ['IPP-0042']],
  ['Patient?gender:not=female', ['IPP-0043']],
  ['Patient?_id=IPP-0043', ['IPP-0043']],
  ['Patient?_id=IPP-9999', []],
  ['Patient?_has:Condition:patient:code=E11', ['IPP-0043']],
  ['Patient?_has:Observation:patient:code=4548-4&_has:Condition:subject:code=E11', ['IPP-0043']],
  ['Observation?patient=IPP-0042', ['o1']],
  ['Observation?patient=Patient/IPP-0042', ['o1']],
  ['Observation?subject=Patient/IPP-0043', ['o2']],
  [`Observation?subject=${base}/Patient/IPP-0043`, ['o2']],
  ['Observation?patient=IPP-0042&code=http://loinc.org|2160-0', ['o1']],
  ['Observation?patient.identifier=180036802400129', ['o1']],
  ['Observation?subject:Patient.family=legoff', ['o2']],
  ['Observation?subject:Patient.gender=female', ['o1']],
  ['Observation?code=2160-0,4548-4&_sort=-date', ['o1', 'o2']],
  ['Observation?date=2024-02-10', ['o1']],
  ['Observation?date=ge2024', ['o1']],
  ['Observation?date=lt2024', ['o2']],
  ['Observation?value-quantity=gt80', ['o1']],
  ['Observation?value-quantity=7.1||%', ['o2']],
  ['Observation?value-quantity=84.5|http://unitsofmeasure.org|umol/L', ['o1']],
  ['Observation?value-quantity=84.5||µmol/L', ['o1']],
  ['Observation?value-quantity=84.5||mg', []],
  ['Observation?code:missing=true', []],
  ['Condition?recorded-date=2020-05-01', ['c1']],
  ['Condition?recorded-date=gt2020-05-01', []],
])('finds by %s', async (url, expected) => {
  expect((await find(url)).sort()).toEqual([...expected].sort())
})

it('leaves no identity, id of a patient or free text in any table but the vault', async () => {
  const rows = await store.read('care', (tx) =>
    tx.query<{ text: string }>(
      sql`SELECT r::text AS text FROM clinical.resource r
          UNION ALL SELECT r::text FROM clinical.range_index r UNION ALL SELECT b::text FROM identity.blind_index b
          UNION ALL SELECT p::text FROM identity.patient_id p`,
    ),
  )
  // hashes are numbers of many digits, in which any short one may stand
  const all = rows.map(({ text }) => text.replaceAll(/\d{15,}/g, '#')).join('\n')
  for (const secret of [
    'IPP-004',
    '18003680',
    'Goff',
    'goff',
    'Zo',
    'Soif',
    'Rennes',
    '1980-03',
    'appeler',
    'créat',
    '35000',
  ]) {
    expect(all).not.toContain(secret)
  }
  expect(all).toContain('""birthDate"":""1980""')
})
