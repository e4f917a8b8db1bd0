import { linkageKilledAt } from '../support/linkage-to-kill.ts'
import { ins, LinkageWorld, person, serverLink } from '../support/linkage-world.ts'
import type { Patient } from 'fhir/r4.js'
import { call, observation, to } from '../support/merging.ts'
import { signIn } from '../support/people.ts'

/** How many processes are killed; `FAULTS=200` for the long run. */
const faults = Number(process.env['FAULTS'] ?? 2)
/** While it looks, while it links the one, the other; the numbers are those of linkage-to-kill.ts. */
const steps = [9, 12, 3, 10, 6, 11, 1, 8, 5, 2, 7, 4]

let world: LinkageWorld
beforeAll(async () => {
  world = await LinkageWorld.open()
}, 60_000)
afterAll(() => world.close())
afterEach(() => expect(world.failures).toEqual([]))

describe('Patients with the same INS', () => {
  const number = ins('1800375123456')

  it('are linked to each other at once, as new versions on record', async () => {
    const link = [{ other: { reference: 'Patient/ins-elsewhere' }, type: 'refer' as const }]
    await world.put(person('ins-elsewhere', 'Unrelated', 'Rose', '1931-07-07'))
    await world.put(person('ins-a', 'Lefèvre', 'Marc', '1980-03-12', { identifier: [number], link }))
    await world.put(person('ins-b', 'LEFEVRE', 'Marc', '1980-03-12', { identifier: [number] }))
    await world.work()
    const [one, other] = [await world.read('ins-a'), await world.read('ins-b')]
    expect(one.link).toEqual([...link, serverLink('ins-b', 'ins')])
    expect(other.link).toEqual([serverLink('ins-a', 'ins')])
    expect([one.meta?.versionId, other.meta?.versionId]).toEqual(['2', '2'])
    expect(await world.pairOf('ins-a', 'linked')).toMatchObject({ grade: 'certain', byIns: true })
    expect((await world.pairOf('ins-a', 'linked'))?.decidedBy).toBeUndefined()
    const found = await world.client.get('/fhir/Patient?link=Patient/ins-a').expect(200)
    expect(found.body).toMatchObject({ total: 1, entry: [{ resource: { id: 'ins-b' } }] })
  })

  it('stay linked when a client writes what it knew, and a client cannot write such links itself', async () => {
    await world.put(person('ins-b', 'LEFEVRE', 'Marc', '1980-03-12', { identifier: [number] }))
    expect((await world.read('ins-b')).meta?.versionId).toBe('2')
    const forged = { ...serverLink('ins-elsewhere', 'steward'), type: 'seealso' as const }
    await world.put({ ...(await world.read('ins-b')), gender: 'male', link: [forged] })
    expect(await world.read('ins-b')).toMatchObject({
      meta: { versionId: '3' },
      gender: 'male',
      link: [serverLink('ins-a', 'ins')],
    })
    await world.put(person('ins-forged', 'Nobody', 'Else', '1950-05-05', { link: [forged] }))
    expect((await world.read('ins-forged')).link).toBeUndefined()
  })

  it('are linked no longer when one turns out to have another INS', async () => {
    const other = ins('2750613055123')
    await world.put({
      ...(await world.read('ins-b')),
      identifier: [other],
      name: [{ family: 'Autre', given: ['Zoé'] }],
    })
    await world.work()
    expect((await world.read('ins-b')).link).toBeUndefined()
    expect((await world.read('ins-a')).link).toHaveLength(1)
    expect(await world.pairOf('ins-a', 'linked')).toBeUndefined()
  })
})

describe('the steward’s queue', () => {
  beforeAll(async () => {
    await world.put(person('q-a', 'Kerouédan', 'Jeanne', '1961-11-02', { gender: 'female' }))
    await world.put(person('q-b', 'Kerouedan', 'Jeane', '1961-11-02', { gender: 'female' }))
    // twins: all but the given name
    await world.put(
      person('t-a', 'Quéméneur', 'Alan', '2004-01-25', {
        address: [{ line: ['1 quai'], postalCode: '29000' }],
      }),
    )
    await world.put(
      person('t-b', 'Quéméneur', 'Ewen', '2004-01-25', {
        address: [{ line: ['1 quai'], postalCode: '29000' }],
      }),
    )
    await world.work()
  })

  it('has who is probably one person, without a word of who that is, and no twins', async () => {
    const { text } = await world.steward.get('/governance/linkage').expect(200)
    expect(await world.pairs()).toEqual([
      expect.objectContaining({ grade: 'probable', byIns: false, state: 'open' }),
    ])
    expect([...((await world.pairOf('q-a'))?.patients ?? [])].sort()).toEqual(['q-a', 'q-b'])
    expect(text).not.toMatch(/kerou|1961|jean/i)
    expect((await world.read('q-a')).link).toBeUndefined()
  })

  it('is for stewards', async () => {
    await (await signIn(world.server, 'rene')).get('/governance/linkage').expect(403)
    const { body } = await world.steward.get('/governance/openapi.json').expect(200)
    expect(Object.keys((body as { paths: object }).paths)).toContain('/governance/linkage/{id}/merge')
  })

  it('shows two side by side and why, and that is an access to both', async () => {
    const pair = await world.pairOf('q-a')
    const answer = await world.steward.get(`/governance/linkage/${pair?.id}`).expect(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).toMatchObject({
      agreements: { family: 'equal', given: 'near', birthDate: 'equal', sex: 'equal' },
    })
    const { sides } = answer.body as { sides: { id: string; isThere: boolean; traits: Patient }[] }
    expect(sides.map(({ id, traits }) => [id, traits.name?.[0]?.given]).sort()).toEqual([
      ['q-a', ['Jeanne']],
      ['q-b', ['Jeane']],
    ])
    const about = await world.rows<{ patients: number }>(
      `SELECT count(DISTINCT subject)::int patients FROM audit.event, unnest(audit.subjects(body)) AS subject
        WHERE body LIKE '%linkage-compare%' AND subject LIKE 'Patient/%'`,
    )
    expect(about).toEqual([{ patients: 2 }])
  })

  it('links the two, and takes the link back to the byte', async () => {
    const before = [await world.textWithoutMeta('q-a'), await world.textWithoutMeta('q-b')]
    const pair = await world.pairOf('q-a')
    await world.steward.post(`/governance/linkage/${pair?.id}/link`).expect(200)
    expect((await world.read('q-a')).link).toEqual([serverLink('q-b', 'steward')])
    expect((await world.read('q-b')).link).toEqual([serverLink('q-a', 'steward')])
    await world.work()
    const unlinked = await world.steward.post(`/governance/linkage/${pair?.id}/unlink`).expect(200)
    expect(unlinked.body).toMatchObject({ state: 'rejected', decidedBy: 'stella' })
    expect([await world.textWithoutMeta('q-a'), await world.textWithoutMeta('q-b')]).toEqual(before)
  })

  it('refuses a move in another state', async () => {
    const pair = await world.pairOf('q-a', 'rejected')
    for (const move of ['reject', 'unlink']) {
      await world.steward.post(`/governance/linkage/${pair?.id}/${move}`).expect(409)
    }
    const merge = { target: 'q-a', reason: 'why not' }
    await world.steward.post(`/governance/linkage/${pair?.id}/merge`, merge).expect(409)
    await world.steward.post(`/governance/linkage/${pair?.id}/undo`, { reason: 'why not' }).expect(409)
    await world.steward.post('/governance/linkage/00000000-0000-4000-8000-000000000000/link').expect(404)
  })

  it('has a rejected pair again only when what the two are known by has changed', async () => {
    const moved = { telecom: [{ system: 'phone' as const, value: '0298000000' }] }
    await world.put({ ...(await world.read('q-b')), ...moved })
    await world.work()
    expect(await world.pairOf('q-a')).toBeUndefined()
    await world.put({ ...(await world.read('q-b')), name: [{ family: 'Kerouedan', given: ['Jeanne'] }] })
    await world.work()
    expect(await world.pairOf('q-a')).toMatchObject({ grade: 'certain', state: 'open' })
  })

  it('merges as $merge does, and undoes it: the pair is where it was', async () => {
    await world.client.put('/fhir/Observation/q-o', observation('q-o', { subject: to('q-b') })).expect(201)
    const pair = await world.pairOf('q-a')
    const target = { target: 'nobody', reason: 'one person' }
    await world.steward.post(`/governance/linkage/${pair?.id}/merge`, target).expect(400)
    const merge = { target: 'q-a', reason: 'one person' }
    const merged = await world.steward.post(`/governance/linkage/${pair?.id}/merge`, merge).expect(200)
    expect(merged.body).toMatchObject({ state: 'merged' })
    expect((await world.read('q-b')).link).toEqual([{ other: to('q-a'), type: 'replaced-by' }])
    expect((await world.client.get('/fhir/Observation/q-o')).body).toMatchObject({ subject: to('q-a') })
    const provenance = await world.client.get('/fhir/Provenance?target=Patient/q-a').expect(200)
    expect(provenance.body).toMatchObject({
      entry: [
        {
          resource: {
            agent: [{ who: { identifier: { value: 'stella' } } }],
            reason: [{ text: 'one person' }],
          },
        },
      ],
    })
    await world.work()
    expect(await world.pairOf('q-a', 'merged')).toMatchObject({ id: pair?.id })
    await world.steward.post(`/governance/linkage/${pair?.id}/undo`, { reason: 'two after all' }).expect(200)
    expect((await world.read('q-b')).link).toBeUndefined()
    expect((await world.client.get('/fhir/Observation/q-o')).body).toMatchObject({ subject: to('q-b') })
    await world.work()
    expect(await world.pairOf('q-a')).toMatchObject({ id: pair?.id, state: 'open' })
  })

  it('closes a pair that a client merges', async () => {
    const pair = await world.pairOf('q-a')
    await world.client.post('/fhir/Patient/$merge', call('q-b', 'q-a')).expect(200)
    await world.work()
    expect(await world.pairOf('q-a')).toBeUndefined()
    expect(await world.pairOf('q-a', 'merged')).toMatchObject({ id: pair?.id })
  })
})

describe('Patients who are linked', () => {
  const two = async (name: string, number: string) => {
    const identifier = [ins(number)]
    for (const id of [`${name}-1`, `${name}-2`]) {
      await world.put(person(id, 'Le Goff', 'Yves', '1955-08-19', { identifier }))
    }
  }

  it('are so once, however many processes look for them', async () => {
    await two('many', '1550829019001')
    await world.work(4)
    for (const [id, other] of [
      ['many-1', 'many-2'],
      ['many-2', 'many-1'],
    ] as const) {
      expect(await world.read(id)).toMatchObject({
        meta: { versionId: '2' },
        link: [serverLink(other, 'ins')],
      })
    }
    expect((await world.pairs('linked')).filter(({ patients }) => patients.includes('many-1'))).toHaveLength(
      1,
    )
  })

  it('are linked no longer when one is deleted', async () => {
    await two('gone', '1550829019002')
    await world.work()
    await world.client.delete('/fhir/Patient/gone-1').expect(204)
    await world.work()
    expect((await world.read('gone-2')).link).toBeUndefined()
    expect(await world.pairOf('gone-2', 'linked')).toBeUndefined()
  })

  it('are linked no longer when one is erased, and no pair of theirs is left', async () => {
    await two('erased', '1550829019003')
    await world.work()
    const dpo = await signIn(world.server, 'dora')
    const ground = { ground: 'objection', retention: 'kept-by-source' }
    const asked = await dpo.post('/governance/erasures', { patient: 'erased-1', ...ground }).expect(201)
    const { id } = asked.body as { id: string }
    await world.steward.post(`/governance/erasures/${id}/confirm`, { patient: 'erased-1' }).expect(200)
    await world.work()
    expect((await world.read('erased-2')).link).toBeUndefined()
    expect(await world.pairOf('erased-2', 'linked')).toBeUndefined()
  })

  it.each(Array.from({ length: faults }, (_, n) => n))(
    'are linked by who comes after a process that is killed at it: fault %i',
    async (n) => {
      await world.renew()
      await two(`killed${n}`, `15508290${String(10_000 + n)}`)
      expect(await linkageKilledAt(world.server, steps[n % steps.length] ?? 1)).toBe(true)
      await world.workUntilNothingIsNoted()
      for (const [id, other] of [
        [1, 2],
        [2, 1],
      ] as const) {
        expect(await world.read(`killed${n}-${id}`)).toMatchObject({
          meta: { versionId: '2' },
          link: [serverLink(`killed${n}-${other}`, 'ins')],
        })
      }
    },
    60_000,
  )

  it('do not wait for one who cannot be looked at', async () => {
    await world.put(person('broken', 'Illisible', 'Paul', '1940-04-04'))
    const [noted] = await world.rows<{ patient: string }>('SELECT patient FROM clinical.linkage_note')
    await world.rows(`UPDATE identity.sealed SET body = '\\x00' WHERE patient = '${noted?.patient}'`, 'vault')
    await two('after', '1550829019004')
    await world.work()
    expect(world.failures.splice(0)).toHaveLength(1)
    expect((await world.read('after-1')).link).toEqual([serverLink('after-2', 'ins')])
  })
})

describe('a merge of more than one transaction moves', () => {
  const ids = Array.from({ length: 12 }, (_, n) => `big-${10 + n}`)
  const subjects = async () =>
    (await Promise.all(ids.map((id) => world.client.get(`/fhir/Observation/${id}`)))).map(
      ({ body }) => (body as { subject: { reference: string } }).subject.reference,
    )
  const all = (id: string) => ids.map(() => `Patient/${id}`)

  beforeAll(async () => {
    for (const id of ['big-s', 'big-t']) await world.put({ resourceType: 'Patient', id })
    for (const id of ids) {
      await world.client.put(`/fhir/Observation/${id}`, observation(id, { subject: to('big-s') })).expect(201)
    }
    await world.insertMany('big-10', 'big')
    await world.work()
  })

  it('is refused whole to who may not update everything', async () => {
    const narrow = await world.server.client('system/Patient.cruds system/Observation.cruds')
    const { body } = await narrow.post('/fhir/Patient/$merge', call('big-s', 'big-t')).expect(422)
    expect(body).toMatchObject({ issue: [{ code: 'too-costly' }] })
    expect((await world.read('big-s')).link).toBeUndefined()
  })

  it('is done beside the requests, some at a time, each for good', async () => {
    await world.client.post('/fhir/Patient/$merge', call('big-s', 'big-t')).expect(202)
    expect((await world.read('big-s')).link).toEqual([{ other: to('big-t'), type: 'replaced-by' }])
    expect(await subjects()).toEqual(all('big-s'))
    await world.client.post('/fhir/Patient/$merge', call('big-t', 'ins-a')).expect(409)
    await world.rows(
      `DELETE FROM clinical.resource WHERE type = 'Basic' AND id LIKE 'big-%' AND id < 'big-99'`,
    )
    // in the middle of its transaction
    expect(await linkageKilledAt(world.server, 3)).toBe(true)
    expect(await subjects()).toEqual(all('big-s'))
    const seen = new Set<number>()
    for (let moved = 0; moved < ids.length && seen.size < 100;) {
      await world.step(5)
      moved = (await subjects()).filter((one) => one === 'Patient/big-t').length
      seen.add(moved)
    }
    expect(seen.size).toBeGreaterThan(2)
    expect(await subjects()).toEqual(all('big-t'))
    await world.work()
    expect(await world.rows(`SELECT FROM governance.merge WHERE moving_type IS NOT NULL`)).toEqual([])
  })

  it('is undone as any other', async () => {
    await world.client.post('/fhir/Patient/$undo-merge', call('big-s', 'big-t')).expect(200)
    expect(await subjects()).toEqual(all('big-s'))
  })

  it('that is undone before it has moved everything moves no more', async () => {
    await world.insertMany('big-10', 'again')
    await world.client.post('/fhir/Patient/$merge', call('big-s', 'big-t')).expect(202)
    await world.client.post('/fhir/Patient/$undo-merge', call('big-s', 'big-t')).expect(200)
    await world.work()
    expect(await subjects()).toEqual(all('big-s'))
  })
})
