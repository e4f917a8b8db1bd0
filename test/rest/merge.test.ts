import type { Bundle, OperationOutcome, Parameters, ParametersParameter, Patient, Resource } from 'fhir/r4.js'
import pg from 'pg'
import { call, ipp, observation, referring, refusedMerges, to } from '../support/merging.ts'
import { signIn, usersFile } from '../support/people.ts'
import { grantPermit } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

const people = {
  ...{ rene: ['requester'], claire: ['committee'], diane: ['director'], nadia: ['requester'] },
  ...{ dora: ['dpo'], stella: ['steward'] },
}
let server: TestServer
let client: Client
let owner: pg.Client

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: usersFile(people) })
  client = await server.client()
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
}, 60_000)
afterAll(async () => {
  await owner.end()
  await server.close()
})

async function write(resource: { resourceType: string; id: string }): Promise<void> {
  const { status } = await client.put(`/fhir/${resource.resourceType}/${resource.id}`, resource)
  expect(status).toBeLessThan(300)
}

/** Two Patients with a number each. */
async function twoPatients(source: string, target: string): Promise<void> {
  await write({ resourceType: 'Patient', id: source, identifier: [ipp(source)], gender: 'female' } as never)
  await write({ resourceType: 'Patient', id: target, identifier: [ipp(target)] } as never)
}

async function record(source: string, target: string): Promise<string[]> {
  const all = referring(source, target, `${server.url}/fhir`)
  for (const one of all) await write(one)
  return all.map(({ resourceType, id }) => `${resourceType}/${id}`)
}

const merge = (source: string, target: string, ...more: ParametersParameter[]) =>
  client.post('/fhir/Patient/$merge', call(source, target, ...more))
const undo = (source: string, target: string, ...more: ParametersParameter[]) =>
  client.post('/fhir/Patient/$undo-merge', call(source, target, ...more))

async function read(place: string): Promise<Resource & Record<string, unknown>> {
  return (await client.get(`/fhir/${place}`).expect(200)).body as Resource & Record<string, unknown>
}
const readAll = (places: readonly string[]) => Promise.all(places.map(read))
const withoutMeta = (all: readonly Resource[]) => all.map(({ meta: _, ...rest }) => rest)

async function found(search: string): Promise<(string | undefined)[]> {
  const bundle = (await client.get(`/fhir/${search}`).expect(200)).body as Bundle
  return (bundle.entry ?? []).map(({ resource }) => resource?.id).sort()
}

describe('Patient/$merge', () => {
  it('makes everything that refers to the source refer to the target, whatever the element', async () => {
    await twoPatients('s1', 't1')
    const places = await record('s1', 't1')
    const reason = { name: 'reason', valueString: 'the same person' }
    const { body } = await merge('s1', 't1', reason).expect(200)
    const answer = body as Parameters
    expect(answer.parameter?.map(({ name }) => name)).toEqual(['input', 'outcome', 'result'])
    expect(answer.parameter?.[0]?.resource).toEqual(call('s1', 't1', reason))
    const source = await read('Patient/s1')
    expect(source).toMatchObject({ active: false, link: [{ other: to('t1'), type: 'replaced-by' }] })
    const target = await read('Patient/t1')
    expect(target).toEqual(answer.parameter?.[2]?.resource)
    expect(target['identifier']).toEqual([ipp('t1'), { ...ipp('s1'), use: 'old' }])
    expect(target['link']).toEqual([{ other: to('s1'), type: 'replaces' }])
    const moved = await readAll(places)
    expect(JSON.stringify(moved)).not.toMatch(/Patient\/s1"/)
    expect(moved[2]?.['subject']).toEqual({ reference: `${server.url}/fhir/Patient/t1` })
    expect(moved.map(({ meta }) => meta?.versionId)).toEqual(moved.map(() => '2'))
    expect(await found('Observation?patient=t1')).toEqual(['s1-1', 's1-2', 's1-3'])
    expect(await found('Observation?patient=s1')).toEqual([])
    expect(await found('RelatedPerson?name=mere&patient=t1')).toEqual(['s1-5'])
    expect((await read('Observation/s1-1/_history/1'))['subject']).toEqual(to('s1'))
    const [provenance] = await found('Provenance?target=Patient/t1')
    expect(await read(`Provenance/${provenance}`)).toMatchObject({
      target: [{ reference: 'Patient/t1/_history/2' }, { reference: 'Patient/s1/_history/2' }],
      reason: [{ text: 'the same person' }],
      agent: [{ who: { identifier: { value: 'test-client' } } }],
    })
  })

  it('goes on record with both Patients and each resource that was moved', async () => {
    const keys = await owner.query<{ patient: string }>(
      `SELECT patient FROM clinical.resource WHERE (type, id) IN (('Observation', 's1-1'))
       UNION SELECT patient FROM clinical.history WHERE (type, id) IN (('Observation', 's1-1'))`,
    )
    const { rows } = await owner.query<{ body: string }>(
      `SELECT body FROM audit.event WHERE body LIKE '%$merge%' AND body LIKE '%s1-5%'`,
    )
    expect(rows).toHaveLength(1)
    expect(keys.rows).toHaveLength(2)
    const places = ['s1-1', 's1-2', 's1-3', 's1-4', 's1-5'].map((id) => `/${id}"`)
    for (const part of [...keys.rows.map(({ patient }) => `Patient/${patient}"`), ...places]) {
      expect(rows[0]?.body).toContain(part)
    }
    expect(rows[0]?.body).not.toMatch(/Patient\/[st]1"/)
  })

  it('moves what has come to refer to the source since, when it is called again', async () => {
    await write(observation('s1-late', { subject: to('s1') }))
    await merge('s1', 't1').expect(200)
    expect((await read('Observation/s1-late'))['subject']).toEqual(to('t1'))
    expect((await read('Patient/t1')).meta?.versionId).toBe('2')
  })

  it('finds the two by their identifiers, and writes the result-patient when there is one', async () => {
    await twoPatients('s2', 't2')
    const result = {
      ...{ resourceType: 'Patient' as const, id: 't2', identifier: [ipp('t2')], birthDate: '1980-03-12' },
      link: [{ other: to('s2'), type: 'replaces' as const }],
    }
    const parameter = [
      { name: 'source-patient-identifier', valueIdentifier: ipp('s2') },
      { name: 'target-patient-identifier', valueIdentifier: ipp('t2') },
      { name: 'result-patient', resource: result },
    ]
    await client.post('/fhir/Patient/$merge', { resourceType: 'Parameters', parameter }).expect(200)
    expect(await read('Patient/t2')).toMatchObject(result)
    await undo('s2', 't2').expect(200)
    const { meta: _, ...target } = await read('Patient/t2')
    expect(target).toEqual({ resourceType: 'Patient', id: 't2', identifier: [ipp('t2')] })
  })

  it('writes nothing as a preview, and says what would be moved', async () => {
    await twoPatients('s3', 't3')
    const places = ['Patient/s3', 'Patient/t3', ...(await record('s3', 't3'))]
    const before = await readAll(places)
    const { body } = await merge('s3', 't3', { name: 'preview', valueBoolean: true }).expect(200)
    const [, outcome, result] = (body as Parameters).parameter ?? []
    expect((outcome?.resource as OperationOutcome).issue[0]?.diagnostics).toBe(
      'would be moved to the target: 1 Basic, 3 Observation, 1 Patient, 1 RelatedPerson',
    )
    expect((result?.resource as Patient).identifier).toHaveLength(2)
    expect(await readAll(places)).toEqual(before)
  })

  it('is all or nothing: one resource out of reach of the scopes, and nothing is written', async () => {
    const places = ['Patient/s3', 'Patient/t3', 'Observation/s3-1', 'Basic/s3-4', 'RelatedPerson/s3-5']
    const before = await readAll(places)
    const narrow = await server.client('system/Patient.cruds system/Basic.cruds system/Observation.cruds')
    await narrow.post('/fhir/Patient/$merge', call('s3', 't3')).expect(403)
    const preview = { name: 'preview', valueBoolean: true }
    await narrow.post('/fhir/Patient/$merge', call('s3', 't3', preview)).expect(403)
    expect(await readAll(places)).toEqual(before)
    expect(await found('Provenance?target=Patient/t3')).toEqual([])
  })

  it('loses no update of a resource that is moved at the same time', async () => {
    await twoPatients('s4', 't4')
    const ids = [...Array(12).keys()].map((n) => `s4-n${n}`)
    for (const id of ids) await write(observation(id, { subject: to('s4') }))
    const patches = ids.map((id) =>
      client.patch(`/fhir/Observation/${id}`, [
        { op: 'add', path: '/issued', value: '2026-01-02T03:04:05Z' },
      ]),
    )
    const [{ status }, ...patched] = await Promise.all([merge('s4', 't4'), ...patches])
    expect([status, ...patched.map((one) => one.status)]).toEqual([200, ...ids.map(() => 200)])
    for (const one of await readAll(ids.map((id) => `Observation/${id}`))) {
      expect(one).toMatchObject({ subject: to('t4'), issued: '2026-01-02T03:04:05Z' })
    }
  })

  it.each(refusedMerges)('refuses %s with %i', async (_, status, body) => {
    await client.post('/fhir/Patient/$merge', body).expect(status)
  })

  it('needs the grant merge', async () => {
    const cleaner = await server.client('system/*.cruds', '/fhir', 'cleaner')
    await cleaner.post('/fhir/Patient/$merge', call('s3', 't3')).expect(403)
    await cleaner.post('/fhir/Patient/$undo-merge', call('s1', 't1')).expect(403)
  })
})

describe('Patient/$undo-merge', () => {
  it('gives back every resource as it was, but for its meta', async () => {
    await twoPatients('u1', 'v1')
    const places = ['Patient/u1', 'Patient/v1', ...(await record('u1', 'v1'))]
    const before = withoutMeta(await readAll(places))
    await merge('u1', 'v1').expect(200)
    await undo('u1', 'v1').expect(200)
    expect(withoutMeta(await readAll(places))).toEqual(before)
    expect(await found('Observation?patient=u1')).toEqual(['u1-1', 'u1-3'])
    expect(await found('RelatedPerson?name=mere&patient=u1')).toEqual(['u1-5'])
  })

  it('keeps what was edited since, and leaves with the target what came since, but for what is named', async () => {
    await merge('u1', 'v1').expect(200)
    const note = [{ text: 'edited', authorReference: to('v1') }]
    await write(observation('u1-1', { status: 'amended', subject: to('v1'), note }))
    await client.patch('/fhir/Patient/v1', [{ op: 'add', path: '/birthDate', value: '1980' }]).expect(200)
    await write(observation('v1-stays', { subject: to('v1') }))
    await write(observation('v1-goes', { subject: to('v1') }))
    await client.delete('/fhir/Basic/u1-4').expect(204)
    const elsewhere = { reference: 'Observation/u1-missing' }
    await undo('u1', 'v1', { name: 'resource', valueReference: elsewhere }).expect(422)
    await undo('u1', 'v1', {
      name: 'resource',
      valueReference: { reference: 'Observation/v1-goes' },
    }).expect(200)
    expect(await read('Observation/u1-1')).toMatchObject({
      ...{ status: 'amended', subject: to('u1') },
      note: [{ text: 'edited', authorReference: to('u1') }],
    })
    const [{ meta: _, ...target }] = [await read('Patient/v1')]
    expect(target).toEqual({ resourceType: 'Patient', id: 'v1', identifier: [ipp('v1')], birthDate: '1980' })
    expect(await found('Observation?subject=v1')).toEqual(['u1-2', 'v1-stays'])
    expect(await found('Observation?subject=u1')).toEqual(['u1-1', 'u1-3', 'v1-goes'])
    await client.get('/fhir/Basic/u1-4').expect(410)
  })

  it('undoes a chain of merges last first', async () => {
    for (const id of ['x', 'y', 'z']) await write({ resourceType: 'Patient', id })
    await write(observation('of-x', { subject: to('x') }))
    await merge('x', 'y').expect(200)
    await merge('y', 'z').expect(200)
    await merge('z', 'x').expect(422)
    expect((await read('Observation/of-x'))['subject']).toEqual(to('z'))
    await undo('x', 'y').expect(409)
    await undo('y', 'z').expect(200)
    expect((await read('Observation/of-x'))['subject']).toEqual(to('y'))
    await undo('x', 'y').expect(200)
    expect((await read('Observation/of-x'))['subject']).toEqual(to('x'))
    expect(withoutMeta(await readAll(['Patient/x', 'Patient/y', 'Patient/z']))).toEqual(
      ['x', 'y', 'z'].map((id) => ({ resourceType: 'Patient', id })),
    )
    await undo('x', 'y').expect(409)
  })
})

describe('a merged Patient and research', () => {
  const value = (n: number) => ({
    valueQuantity: { value: n, system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  })

  it('releases nothing of a target outside the cohort by a source inside, and both oppose when one does', async () => {
    for (let n = 0; n < 14; n++) {
      const gender = n === 13 ? 'male' : 'female'
      await write({
        resourceType: 'Patient',
        id: `m${n}`,
        gender,
        identifier: [ipp(`m${n}`)],
        birthDate: '1980',
      } as never)
      await write(observation(`m${n}-o`, { subject: to(`m${n}`), ...value(100 + n) }))
    }
    const base = await grantPermit(
      server,
      ['Patient?gender=female'],
      [{ type: 'Patient' }, { type: 'Observation' }],
    )
    const research = await server.client('system/*.rs', base)
    const released = async () =>
      JSON.stringify((await research.get(`${base}/Observation?_count=100`).expect(200)).body)
    expect(await released()).toContain('"value":100')
    await merge('m0', 'm13').expect(200)
    const after = await released()
    expect(after).not.toContain('"value":100')
    expect(after).not.toContain('"value":113')
    expect(after).toContain('"value":101')
    const dpo = await signIn(server, 'stella')
    await dpo.post('/governance/oppositions', { identifier: ipp('m1') }).expect(201)
    await merge('m1', 'm2').expect(200)
    expect(await released()).not.toMatch(/"value":10[12]\b/)
    const { rows } = await owner.query(
      `SELECT count(*)::int AS n FROM governance.opposition WHERE lifted_at IS NULL`,
    )
    expect(rows).toEqual([{ n: 2 }])
  })
})

describe('a merged Patient and erasure', () => {
  it('refuses the target while it replaces others; with the source, what is known of the merge goes', async () => {
    await twoPatients('e1', 'f1')
    await write(observation('e1-o', { subject: to('e1') }))
    await merge('e1', 'f1').expect(200)
    const dpo = await signIn(server, 'dora')
    const steward = await signIn(server, 'stella')
    const ask = (patient: string) =>
      dpo.post('/governance/erasures', { patient, ground: 'objection', retention: 'kept-by-source' })
    await ask('f1').expect(409)
    const { id } = (await ask('e1').expect(201)).body as { id: string }
    const known = `SELECT count(*)::int AS n FROM governance.merge m JOIN governance.erasure e ON e.patient = m.source
                    WHERE e.id = '${id}'`
    expect((await owner.query(known)).rows).toEqual([{ n: 1 }])
    await steward.post(`/governance/erasures/${id}/confirm`, { patient: 'e1' }).expect(200)
    expect((await owner.query(known)).rows).toEqual([{ n: 0 }])
    expect((await read('Observation/e1-o'))['subject']).toEqual(to('f1'))
    await ask('f1').expect(201)
  })
})
