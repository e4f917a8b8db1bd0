import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { eraseAgain } from '../../src/governance/erase-again.ts'
import { ErasedList } from '../../src/governance/erased-list.ts'
import { Erasing, settledMs } from '../../src/governance/erasing.ts'
import { exported } from '../export/bulk-client.ts'
import { observation, patient } from '../export/world.ts'
import { killedAt, writeRecord } from '../support/erasure.ts'
import { signIn, usersFile, type SignedIn } from '../support/people.ts'
import { grantPermit } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * A patient is erased while they are everywhere: current rows and history, indexes and texts, a cohort, a
 * safe of each kind, an answer that waits. Afterwards the database is looked through by other means than
 * the server's own proof.
 */
const erased = 'IPP-erased'
const other = 'IPP-other'
const people = {
  ...{ rene: ['requester'], claire: ['committee'], diane: ['director'], nadia: ['requester'] },
  ...{ dora: ['dpo'], stella: ['steward'], both: ['dpo', 'director'] },
}
/** How many erasures are killed; `FAULTS=200` for the long run. */
const faults = Number(process.env['FAULTS'] ?? 1)
const ground = { ground: 'objection', retention: 'kept-by-source' }

let server: TestServer
let owner: pg.Client
let care: Client
let dpo: SignedIn
let steward: SignedIn
let key: string
let wrapped: Buffer
let ciphertexts: Buffer[]
let erasure: { id: string; number: number; state: string }
const kept = { care: '', research: '', async: '' }

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: usersFile(people) })
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  care = await server.client()
  dpo = await signIn(server, 'dora')
  steward = await signIn(server, 'stella')
  for (const id of [erased, other]) await write(id)
  await keepEverywhere()
  ;[{ patient: key }] = (await rows(
    `SELECT patient FROM clinical.resource WHERE type = 'Observation' AND id = '${erased}-1'`,
  )) as [{ patient: string }]
  ;[{ wrapped }] = (await rows(`SELECT wrapped FROM identity.data_key WHERE owner = $1`, [key])) as [
    { wrapped: Buffer },
  ]
  ciphertexts = (
    await rows<{ body: Buffer }>(`SELECT body FROM identity.sealed WHERE patient = $1`, [key])
  ).map(({ body }) => body)
  erasure = (await dpo.post('/governance/erasures', { patient: erased, ...ground }).expect(201)).body
}, 60_000)

afterAll(async () => {
  await owner.end()
  await server.close()
})

const rows = async <Row extends object>(text: string, values: unknown[] = []) =>
  (await owner.query<Row>(text, values)).rows

const write = (id: string) => writeRecord(care, id)

async function keepEverywhere(): Promise<void> {
  const refers = { ...observation('refers', other), performer: [{ reference: `Patient/${erased}` }] }
  await care.put('/fhir/Observation/refers', refers).expect(201)
  const base = await grantPermit(
    server,
    ['Patient?gender=male'],
    [{ type: 'Patient' }, { type: 'Observation' }],
  )
  kept.care = (await exported(care, '/fhir/Patient/$export')).job
  kept.research = (await exported(await server.client('system/*.rs', base), `${base}/$export`)).job
  const asked = await care.get('/fhir/Observation').set('Prefer', 'respond-async').expect(202)
  kept.async = String(asked.headers['content-location'])
  while ((await care.get(kept.async)).status === 202);
}

describe('an erasure', () => {
  it('does nothing before it is confirmed, and is asked once', async () => {
    expect(erasure.state).toBe('asked')
    await care.get(`/fhir/Patient/${erased}`).expect(200)
    await dpo.post('/governance/erasures', { patient: erased, ...ground }).expect(409)
  })

  it('is asked on a ground of the closed list, and says why the record need not be kept', async () => {
    await dpo.post('/governance/erasures', { patient: other, ground: 'objection' }).expect(400)
    await dpo
      .post('/governance/erasures', { patient: other, ground: 'tidying', retention: 'kept-by-source' })
      .expect(400)
    await steward.post('/governance/erasures', { patient: other, ...ground }).expect(403)
  })

  it('is confirmed by another person of another role, who types the logical id again', async () => {
    const path = `/governance/erasures/${erasure.id}/confirm`
    await dpo.post(path, { patient: erased }).expect(403)
    await steward.post(path, { patient: other }).expect(400)
    const both = await signIn(server, 'both')
    const own = (await both.post('/governance/erasures', { patient: other, ...ground }).expect(201)).body as {
      id: string
    }
    await both.post(`/governance/erasures/${own.id}/confirm`, { patient: other }).expect(403)
    await both.post(`/governance/erasures/${own.id}/withdraw`).expect(200)
  })

  it('is refused by the database too when one person would do both, or a step is left out', async () => {
    const set = (change: string) =>
      owner.query(`UPDATE governance.erasure SET ${change} WHERE id = $1`, [erasure.id])
    const confirmed = `state = 'confirmed', confirmed_role = 'steward', confirmed_at = now()`
    await expect(set(`${confirmed}, confirmed_by = asked_by`)).rejects.toMatchObject({
      constraint: 'erasure_by_two',
    })
    await expect(set(`state = 'erased'`)).rejects.toMatchObject({ constraint: 'erasure_moves_forward' })
    await expect(set(`ground = 'legal-obligation'`)).rejects.toMatchObject({ constraint: 'erasure_identity' })
  })

  it('is carried out when it is confirmed', async () => {
    const confirmed = await steward
      .post(`/governance/erasures/${erasure.id}/confirm`, { patient: erased })
      .expect(200)
    expect(confirmed.body).toMatchObject({ state: 'erased', confirmedBy: 'stella' })
    expect(confirmed.text).not.toContain(erased)
    await dpo.get(`/governance/erasures/${erasure.id}/certificate`).expect(404)
  })

  it('leaves nothing for care to find: rows, versions, searches', async () => {
    const gone = [`Patient/${erased}`, `Patient/${erased}/_history/1`, `Patient/${erased}/_history`]
    for (const path of [...gone, `Observation/${erased}-1`, `Observation/${erased}-3/_history/1`]) {
      expect([path, (await care.get(`/fhir/${path}`)).status]).toEqual([path, 404])
    }
    for (const query of [
      `Patient?identifier=n-${erased}`,
      `Patient?family=${erased}`,
      `Patient?_id=${erased}`,
    ]) {
      expect((await care.get(`/fhir/${query}`).expect(200)).body).toMatchObject({ total: 0 })
    }
  })

  it('takes back the safes and the answers that held the patient', async () => {
    const base = kept.research.slice(server.url.length).replace(/\/_export.*|\/export.*|\/\$.*/, '')
    const research = await server.client('system/*.rs', /^\/research\/[^/]+\/fhir/.exec(base)?.[0])
    expect((await care.get(kept.care)).status).toBe(404)
    expect((await research.get(kept.research)).status).toBe(404)
    expect((await care.get(kept.async)).status).toBe(404)
    expect(await rows('SELECT FROM export.safe WHERE wrapped IS NOT NULL')).toEqual([])
  })

  it('takes out the texts that were the patient’s alone, and leaves those of others', async () => {
    const words = async (text: string) =>
      ((await care.get(`/fhir/Observation?code:text=${text}`).expect(200)).body as { total: number }).total
    expect(await words('words of many')).toBe(1)
    expect(await words(`words of ${erased} alone`)).toBe(0)
    const tokens = await rows<{ token: string }>(
      `SELECT token FROM identity.text_index WHERE NOT EXISTS (
         SELECT FROM clinical.resource r WHERE r.tokens @> ARRAY[token])`,
    )
    expect(tokens).toEqual([])
  })

  it('spares the other patient', async () => {
    const read = await care.get(`/fhir/Patient/${other}`).expect(200)
    expect(read.body).toMatchObject({ name: [{ family: other }] })
    const note = await care.get(`/fhir/Observation/${other}-1`).expect(200)
    expect(note.body).toMatchObject({ note: [{ text: `note about ${other}` }] })
    await care.get(`/fhir/Observation/refers`).expect(200)
  })
})

describe('the proof of an erasure', () => {
  const erasing = () => server.app.get(Erasing, { strict: false })
  const later = () => new Date(Date.now() + settledMs + 1000)

  it('waits until no process can remember the patient, and takes out what was written meanwhile', async () => {
    await owner.query(
      `INSERT INTO clinical.resource (type, id, patient, version, updated_at, tokens, body)
       VALUES ('Observation', 'late', $1, 1, now(), '{}', '{"resourceType":"Observation","id":"late"}')`,
      [key],
    )
    expect(await erasing().proceedAll(new Date())).toBe(0)
    expect(await erasing().proceedAll(later())).toBe(1)
    expect(await rows(`SELECT FROM clinical.resource WHERE id = 'late'`)).toEqual([])
  })

  it('is a certificate that counts every table and names nobody, signed and on the chain', async () => {
    const { body, text } = await dpo.get(`/governance/erasures/${erasure.id}/certificate`).expect(200)
    const { certificate, isGenuine, sha256 } = body as {
      certificate: { places: Record<string, number>; references: number; number: number }
      isGenuine: boolean
      sha256: string
    }
    expect(isGenuine).toBe(true)
    expect(certificate.number).toBe(erasure.number)
    const tables = await rows<{ name: string }>(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
        WHERE table_type = 'BASE TABLE' AND table_schema IN ('clinical', 'identity', 'export', 'async', 'subscription')
          AND table_name NOT LIKE 'resource_%'`,
    )
    expect(Object.keys(certificate.places)).toEqual(expect.arrayContaining(tables.map(({ name }) => name)))
    expect(Object.values(certificate.places).every((count) => count === 0)).toBe(true)
    expect(certificate.references).toBe(1)
    for (const word of [erased, key, 'stella', 'dora']) expect(text).not.toContain(word)
    const events = await rows<{ body: string }>(
      `SELECT body FROM audit.event WHERE body LIKE '%erasure-prove%'`,
    )
    expect(events.map((one) => one.body).join()).toContain(sha256)
  })

  it('holds by other means: the key is in no table but those of record, and a reference', async () => {
    const tables = await rows<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'audit') AND tablename <> 'former_member'`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const [row] = await rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM ${name} t WHERE strpos(t::text, $1) > 0`,
        [key],
      )
      if (row && row.n > 0) found.push(name)
    }
    expect(found).toEqual(['clinical.resource', 'clinical.resource_observation'])
  })

  it('holds in the files: neither the wrapped key nor what it sealed is left once they are vacuumed', async () => {
    await owner.query('VACUUM FULL identity.data_key, identity.sealed, identity.patient_id')
    await owner.query('CHECKPOINT')
    const [at] = await rows<{ folder: string }>(
      `SELECT current_setting('data_directory') || '/base/' || oid AS folder FROM pg_database WHERE datname = current_database()`,
    )
    const folder = at?.folder ?? ''
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    expect(files.length).toBeGreaterThan(100)
    const there = [wrapped, ...ciphertexts].filter((bytes) => files.some((file) => file.includes(bytes)))
    expect(there).toEqual([])
  })

  it('forgets the key in the erasure itself, which then changes no more', async () => {
    const [row] = await rows('SELECT patient, texts, state FROM governance.erasure WHERE id = $1', [
      erasure.id,
    ])
    expect(row).toEqual({ patient: null, texts: null, state: 'proved' })
    await expect(
      owner.query(`UPDATE governance.erasure SET certificate = '{}' WHERE id = $1`, [erasure.id]),
    ).rejects.toMatchObject({ constraint: 'erasure_proved' })
  })

  it('keeps who opposed on the suppression list: they come back opposed', async () => {
    const identifier = [{ system: 'urn:ipp', value: `n-${erased}` }]
    await care.put('/fhir/Patient/IPP-new', patient('IPP-new', { identifier })).expect(201)
    const [latest] = (await dpo.get('/governance/oppositions?limit=1').expect(200)).body as object[]
    expect(latest).toMatchObject({ patient: 'IPP-new', source: 'suppression' })
  })
})

describe('an erasure that is killed', () => {
  /** 1 to 5: before the opposition, the list, the transaction; in it; after it. 11 to 14: the second time */
  const steps = [4, 12, 2, 14, 1, 3, 5, 11, 13]
  const erasing = () => server.app.get(Erasing, { strict: false })

  it.each(Array.from({ length: faults }, (_, n) => n))(
    'is finished by who comes after: fault %i',
    async (n) => {
      care = await server.client()
      const name = `IPP-killed-${n}`
      const step = steps[n % steps.length] ?? 1
      await write(name)
      const asked = await dpo.post('/governance/erasures', { patient: name, ...ground }).expect(201)
      const { id } = asked.body as { id: string }
      const later = new Date(Date.now() + settledMs + 60_000)
      // else the process that is killed confirms it, so that no other one is faster
      if (step > 10) await steward.post(`/governance/erasures/${id}/confirm`, { patient: name }).expect(200)
      expect(await killedAt(server, id, step > 10 ? later : new Date(), step % 10)).toBe(true)
      await erasing().proceed(id, new Date())
      const last = new Date(later.getTime() + settledMs + 60_000)
      expect(await erasing().proceed(id, last)).toBe(true)
      const { body } = await dpo.get(`/governance/erasures/${id}/certificate`).expect(200)
      expect(Object.values((body as { certificate: { places: object } }).certificate.places)).not.toContain(1)
      expect((await care.get(`/fhir/Patient/${name}`)).status).toBe(404)
      await care.get(`/fhir/Patient/${other}`).expect(200)
    },
    120_000,
  )
})

describe('a backup from before an erasure', () => {
  const parts = () => {
    const list = server.app.get(ErasedList, { strict: false })
    return { store: server.store, list, erasing: server.app.get(Erasing, { strict: false }) }
  }

  it('is erased again before the server answers', async () => {
    await write('IPP-restored')
    const asked = await dpo.post('/governance/erasures', { patient: 'IPP-restored', ...ground }).expect(201)
    const { id } = asked.body as { id: string }
    const [{ patient: restored, mark }] = (await rows(
      'SELECT patient, mark FROM governance.erasure WHERE id = $1',
      [id],
    )) as [{ patient: string; mark: Buffer }]
    await parts().list.add({ id, mark: mark.toString('hex'), ...ground } as Parameters<ErasedList['add']>[0])
    // the backup does not know of the erasure
    await owner.query('ALTER TABLE governance.erasure DISABLE TRIGGER ALL')
    await owner.query('DELETE FROM governance.erasure WHERE id = $1', [id])
    await owner.query('ALTER TABLE governance.erasure ENABLE TRIGGER ALL')
    expect(await eraseAgain(parts(), new Date())).toBe(1)
    await care.get('/fhir/Patient/IPP-restored').expect(404)
    expect(await rows('SELECT FROM identity.data_key WHERE owner = $1', [restored])).toEqual([])
    expect(await eraseAgain(parts(), new Date())).toBe(0)
  })

  it('is not believed about erasures that this server did not list: the start stops', async () => {
    const file = join(server.settings.dataDir, 'erased')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      whole.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    )
    await expect(eraseAgain(parts(), new Date())).rejects.toThrow('line 1 was not written by this server')
    writeFileSync(file, whole)
  })
})
