import type { Bundle } from 'fhir/r4.js'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from '../../src/store/sql.ts'
import type { Client } from '../support/server.ts'
import { exported, kickoff, kickoffByPost, lines, manifestOf, ndjson, type Line } from './bulk-client.ts'
import { researchWorld, type Granted, type ResearchWorld } from './research-world.ts'
import { observation, patient } from './world.ts'

let world: ResearchWorld
let granted: Granted
let client: Client
let all: Line[]

const women = Array.from({ length: 30 }, (_, n) => `IPP-W${n}`)
const men = ['IPP-M1', 'IPP-M2']
const canary = 'Zweisteincanary'

beforeAll(async () => {
  world = await researchWorld()
  const entry = (resource: object) => {
    const { resourceType, id } = resource as { resourceType: string; id: string }
    return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } }
  }
  const person = (id: string, gender: string) => [
    patient(id, {
      gender,
      name: [{ family: canary }],
      identifier: [{ system: 'urn:ipp', value: canary + id }],
    }),
    observation(`${id}-creatinine`, id, '2160-0', { note: [{ text: canary }], valueQuantity: kilo(84) }),
    observation(`${id}-glucose`, id, '2345-7', { valueQuantity: kilo(5) }),
    observation(`${id}-sodium`, id, '2951-2', { valueQuantity: kilo(140) }),
  ]
  const resources = [
    ...women.flatMap((id) => person(id, 'female')),
    ...men.flatMap((id) => person(id, 'male')),
  ]
  await world.care
    .post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry: resources.map(entry) })
    .expect(200)
  granted = await world.permit({
    cohort: ['Patient?gender=female'],
    data: [
      { type: 'Patient' },
      { type: 'Observation', typeFilters: ['Observation?code=2160-0', 'Observation?code=2345-7'] },
    ],
  })
  client = await granted.client()
  const { manifest } = await exported(client, `${granted.base}/$export`)
  all = await lines(client, manifest.output)
})

afterAll(() => world.close())

const kilo = (value: number) => ({
  value,
  unit: 'mmol/L',
  system: 'http://unitsofmeasure.org',
  code: 'mmol/L',
})
const ofType = (resources: readonly Line[], type: string) =>
  resources.filter(({ resourceType }) => resourceType === type)
const codeOf = (line: Line) => JSON.stringify(line['code'])

describe('a research export', () => {
  it.each(['$export', 'Patient/$export', 'Group/{permit}/$export'])(
    'B3: %s holds the cohort, each time the same',
    async (path) => {
      const { manifest } = await exported(
        client,
        `${granted.base}/${path.replace('{permit}', granted.permit)}`,
      )
      expect(await lines(client, manifest.output)).toEqual(all)
      expect(manifest.output.map(({ type, count }) => [type, count])).toEqual([
        ['Observation', women.length * 2],
        ['Patient', women.length],
      ])
    },
  )

  it('holds nothing that identifies: no name, no number, no care id, no exact date', async () => {
    const { manifest } = await exported(client, `${granted.base}/$export`)
    const texts = [JSON.stringify(manifest)]
    for (const { url } of manifest.output) texts.push(await ndjson(client, url))
    expect(texts.join('\n')).not.toMatch(/zweisteincanary|IPP-|1980-03-07|2024-02-10|creatinine|glucose/i)
  })

  it('holds of each type what the filters of the permit let in', () => {
    const codes = ofType(all, 'Observation').map(codeOf)
    expect(codes.filter((code) => /"2160-0"|"2345-7"/.test(code))).toHaveLength(women.length * 2)
    expect(codes.some((code) => code.includes('2951-2'))).toBe(false)
  })

  it('refers to nobody who is not in it', () => {
    const patients = new Set(ofType(all, 'Patient').map(({ id }) => `Patient/${id}`))
    const subjects = ofType(all, 'Observation').map(
      (line) => (line['subject'] as { reference: string }).reference,
    )
    expect(subjects.filter((subject) => !patients.has(subject))).toEqual([])
  })

  it('is in the order of pseudonyms, not of arrival', async () => {
    for (const type of ['Patient', 'Observation']) {
      const ids = ofType(all, type).map(({ id }) => id)
      expect(ids).toEqual([...ids].sort())
    }
    // the order of arrival would be that of the keys' creation
    const arrived = await world.server.store.transaction({ permit: granted.permit }, (tx) =>
      tx.query<{ pseudonym: string }>(sql`
        SELECT pseudonym FROM governance.permit_member m JOIN clinical.resource r ON r.patient = m.patient
         WHERE m.permit = ${granted.permit} AND r.type = 'Patient' ORDER BY r.ctid`),
    )
    expect(ofType(all, 'Patient').map(({ id }) => id)).not.toEqual(arrived.map(({ pseudonym }) => pseudonym))
  })

  it('shares no id with the export of another permit over the same patients', async () => {
    const other = await world.permit({ cohort: ['Patient?gender=female'], data: [{ type: 'Patient' }] })
    const otherClient = await other.client()
    const { manifest } = await exported(otherClient, `${other.base}/$export`)
    const ids = new Set(all.map(({ id }) => id))
    const others = await lines(otherClient, manifest.output)
    expect(others).toHaveLength(women.length)
    expect(others.filter(({ id }) => ids.has(id))).toEqual([])
  })
})

describe('a research client', () => {
  it('B8: gets 403 for a type beyond the permit, and for a Group that is not the cohort 404', async () => {
    await kickoff(client, `${granted.base}/$export?_type=Condition`).expect(403)
    await kickoff(client, `${granted.base}/$export?_typeFilter=Condition%3Fcode%3Dx`).expect(403)
    await kickoff(client, `${granted.base}/Group/everyone/$export`).expect(404)
  })

  it('B24: is never lenient: an unknown parameter is refused', async () => {
    const lenient = kickoff(client, `${granted.base}/$export?_unknown=1`).set(
      'Prefer',
      'respond-async, handling=lenient',
    )
    await lenient.expect(400)
  })

  it('B9: gets with narrower scopes what they reach', async () => {
    const narrow = await granted.client('system/Patient.rs')
    const { manifest } = await exported(narrow, `${granted.base}/$export`)
    expect(manifest.output.map(({ type }) => type)).toEqual(['Patient'])
  })

  it('B16: narrows by filters that are judged on what is released', async () => {
    const released = ofType(all, 'Observation')[0]
    const day = String(released?.['effectiveDateTime']).slice(0, 10)
    for (const [filter, expected] of [
      [`Observation?code=2160-0`, women.length],
      // the true day of all of them: nobody's released one, but by chance of a zero shift, which there is not
      [`Observation?date=2024-02-10`, 0],
      [`Observation?code=2951-2`, 0],
    ] as const) {
      const { manifest } = await exported(
        client,
        `${granted.base}/$export?_typeFilter=${encodeURIComponent(filter)}&_type=Observation`,
      )
      expect([filter, manifest.output[0]?.count ?? 0]).toEqual([filter, expected])
    }
    const byDay = await exported(
      client,
      `${granted.base}/$export?_type=Observation&_typeFilter=${encodeURIComponent(`Observation?date=${day}`)}`,
    )
    const same = ofType(all, 'Observation').filter((line) =>
      String(line['effectiveDateTime']).startsWith(day),
    )
    expect(await lines(client, byDay.manifest.output)).toEqual(same)
  })

  it('refuses a filter that looks beyond the resource', async () => {
    const filter = encodeURIComponent('Observation?subject:Patient.gender=female')
    await kickoff(client, `${granted.base}/$export?_typeFilter=${filter}`).expect(400)
  })

  it('a granular scope is judged on what is released too', async () => {
    const granular = await granted.client(
      'system/Patient.rs system/Observation.rs?code=http://loinc.org|2345-7',
    )
    const { manifest } = await exported(granular, `${granted.base}/$export?_type=Observation`)
    const seen = await lines(granular, manifest.output)
    expect(seen).toEqual(ofType(all, 'Observation').filter((line) => codeOf(line).includes('2345-7')))
  })

  it('a granular scope holds for searches, includes and reads of a research base', async () => {
    const granular = await granted.client(
      'system/Patient.rs system/Observation.rs?code=http://loinc.org|2345-7',
    )
    const within = ofType(all, 'Observation').filter((line) => codeOf(line).includes('2345-7'))
    const beyond = ofType(all, 'Observation').find((line) => !codeOf(line).includes('2345-7'))
    const ids = (answer: { readonly body: unknown }) =>
      ((answer.body as Bundle).entry ?? [])
        .flatMap(({ resource }) => (resource?.resourceType === 'Observation' ? [resource.id] : []))
        .sort()
    const expected = within.map(({ id }) => id).sort()
    expect(ids(await granular.get(`${granted.base}/Observation?_count=1000`).expect(200))).toEqual(expected)
    const included = `${granted.base}/Patient?_revinclude=Observation:subject&_count=1000`
    expect(ids(await granular.get(included).expect(200))).toEqual(expected)
    await granular.get(`${granted.base}/Observation/${String(within[0]?.['id'])}`).expect(200)
    await granular.get(`${granted.base}/Observation/${String(beyond?.['id'])}`).expect(404)
    // what a scope asks of other resources cannot be asked of what is released: it opens nothing
    const chained = await granted.client(
      'system/Patient.rs system/Observation.rs?subject:Patient.gender=female',
    )
    await chained.get(`${granted.base}/Observation`).expect(403)
  })

  it('B17: narrows by _elements', async () => {
    const { manifest } = await exported(client, `${granted.base}/$export?_type=Patient&_elements=gender`)
    const [first] = await lines(client, manifest.output)
    expect(Object.keys(first ?? {}).sort()).toEqual(['gender', 'id', 'meta', 'resourceType'])
  })

  it('B18: names patients by their pseudonyms, and is told nothing of care ids', async () => {
    const [one, two] = ofType(all, 'Patient').map(({ id }) => id)
    const parameter = (...ids: (string | undefined)[]) =>
      ids.map((id) => ({ name: 'patient', valueReference: { reference: `Patient/${id ?? ''}` } }))
    const started = await kickoffByPost(
      client,
      `${granted.base}/Patient/$export`,
      parameter(two, one),
    ).expect(202)
    const { output } = await manifestOf(client, started.headers['content-location'] as string)
    expect(ofType(await lines(client, output), 'Patient').map(({ id }) => id)).toEqual([one, two])
    await kickoffByPost(client, `${granted.base}/Patient/$export`, parameter('IPP-W1')).expect(400)
  })

  it('B34: finds its job at no other base, and another base finds it not', async () => {
    const { job } = await exported(client, `${granted.base}/$export?_type=Patient`)
    const path = job.slice(job.indexOf('/bulk-status/'))
    await world.care.get(`/fhir${path}`).expect(404)
    const started = await kickoff(world.care, '/fhir/$export?_type=Patient').expect(202)
    const careJob = started.headers['content-location'] as string
    await client.get(`${granted.base}/bulk-status/${careJob.slice(-36)}`).expect(404)
    await world.care.delete(careJob).expect(202)
  })
})

describe('the end of a permit', () => {
  it('closes its safes at once: nothing opens, and keys and files are destroyed', async () => {
    const ended = await world.permit({ cohort: ['Patient?gender=female'], data: [{ type: 'Patient' }] })
    const reader = await ended.client()
    const { job, manifest } = await exported(reader, `${ended.base}/$export`)
    const safes = () =>
      world.server.store.read('care', (tx) =>
        tx.query<{ id: string; wrapped: Buffer | null }>(
          sql`SELECT id, wrapped FROM export.safe WHERE permit = ${ended.permit}`,
        ),
      )
    const folder = join(world.server.settings.dataDir, 'safes', (await safes())[0]?.id ?? '')
    expect(readdirSync(folder)).toHaveLength(1)

    await world
      .as('diane')
      .post(`/governance/permits/${ended.permit}/revoke`, { reason: 'asked by the board' })
      .expect(200)
    expect([404, 401, 403]).toContain((await reader.get(manifest.output[0]?.url ?? '')).status)
    expect([404, 401, 403]).toContain((await reader.get(job)).status)
    const deadline = Date.now() + 25_000
    while (existsSync(folder) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 200))
    expect(existsSync(folder)).toBe(false)
    expect((await safes()).map(({ wrapped }) => wrapped)).toEqual([null])
  })
})
