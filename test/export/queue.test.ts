import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimPart, findJob, keepLease, progress } from '../../src/export/jobs.ts'
import { producePart } from '../../src/export/produce.ts'
import type { Resource } from '../../src/fhir/json.ts'
import { save } from '../../src/store/resources.ts'
import { sql } from '../../src/store/sql.ts'
import { careWorld, drain, observation, patient, type CareWorld } from './world.ts'

let world: CareWorld
const people = Array.from({ length: 1200 }, (_, n) => `p${n}`)

beforeAll(async () => {
  world = await careWorld()
  await world.write(people.map((id) => patient(id)))
  await world.write(people.map((id) => observation(`o-${id}`, id)))
})

afterAll(() => world.close())

const never = new AbortController().signal
const ids = (resources: readonly Resource[]) => resources.map((resource) => resource['id'] as string).sort()
const groupOf = (members: readonly string[]) => ({
  ...{ resourceType: 'Group', type: 'person', actual: true },
  member: members.map((id) => ({ entity: { reference: `Patient/${id}` } })),
})

function safeFolder(safe: string): string {
  return join(world.folder, 'safes', safe)
}

async function jobOf(id: string) {
  const job = await world.store.read('care', (tx) => findJob(tx, id))
  if (!job) throw new Error('no such job')
  return job
}

describe('the queue of parts', () => {
  it('gives each part to one of many workers, and ends the job once', async () => {
    const job = await world.kickoff()
    const workers = Array.from({ length: 4 }, () => world.worker())
    while ((await jobOf(job)).state !== 'done') await Promise.all(workers.map((worker) => worker.step(never)))
    const exported = await world.resources(job)
    expect(ids(exported)).toEqual([...people, ...people.map((id) => `o-${id}`)].sort())
  })

  it('does again what a worker that died had begun, and nothing twice', async () => {
    await world.write([{ ...groupOf(people), id: 'everyone' }])
    const job = await world.kickoff([['_type', 'Patient,Observation']], 'group', 'everyone')
    await world.worker().step(never)
    expect(await world.store.read('care', (tx) => progress(tx, job))).toEqual({ done: 0, total: 3 })

    // a worker takes a part, writes all of its files, and dies before it says so
    const dead = await world.store.transaction('care', (tx) => claimPart(tx, randomUUID(), 1))
    if (!dead) throw new Error('a part expected')
    const { safe } = await jobOf(job)
    const place = await world.store.read('care', (tx) => world.safes.place(tx, safe))
    if (!place) throw new Error('a safe expected')
    await producePart(
      {
        ...{
          store: world.store,
          gate: world.gate,
          access: world.at.access,
          zone: 'Europe/Paris',
          place,
          signal: never,
        },
        ...{
          request: { level: 'group', typeFilters: [], elements: [], since: undefined } as never,
          until: new Date(),
        },
      },
      dead,
    )
    // and another in the middle of a file
    writeFileSync(join(safeFolder(safe), `${randomUUID()}.part`), 'half a file')
    expect(readdirSync(safeFolder(safe))).toHaveLength(3)

    while ((await jobOf(job)).state !== 'done') {
      await drain(world.worker())
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const exported = await world.resources(job)
    expect(ids(exported)).toEqual([...people, ...people.map((id) => `o-${id}`)].sort())
    // six files of three parts, and none that no part lists
    expect(readdirSync(safeFolder(safe))).toHaveLength(6)
  })

  it('lets no worker complete a part whose lease it lost', async () => {
    const job = await world.kickoff([['_type', 'Patient']])
    const slow = world.worker(1)
    const stopped = new AbortController()
    await slow.step(stopped.signal)
    const lost = await world.store.transaction('care', (tx) => claimPart(tx, randomUUID(), -1))
    const taken = await world.store.transaction('care', (tx) => claimPart(tx, randomUUID(), 60))
    if (!lost || !taken) throw new Error('the same part twice expected')
    expect(taken.part).toBe(lost.part)
    const still = (part: typeof lost) => world.store.transaction('care', (tx) => keepLease(tx, part, 60))
    expect([await still(lost), await still(taken)]).toEqual([false, true])
    await world.exports.remove(world.at, job)
    expect(await still(taken)).toBe(false)
  })

  it('gives a part back when the process ends in its middle, and another process goes on', async () => {
    const job = await world.kickoff([['_type', 'Observation']])
    await world.worker().step(never)
    const ending = new AbortController()
    const working = world.worker().step(ending.signal)
    ending.abort(new Error('the process ends'))
    await working
    expect(await world.store.read('care', (tx) => progress(tx, job))).toEqual({ done: 0, total: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await drain(world.worker())
    expect(await world.resources(job)).toHaveLength(people.length)
  })

  it('destroys the key and the files when a running job is cancelled', async () => {
    const job = await world.kickoff([['_type', 'Patient']])
    await drain(world.worker())
    const { safe } = await jobOf(job)
    expect(existsSync(safeFolder(safe))).toBe(true)
    await world.exports.remove(world.at, job)
    expect(existsSync(safeFolder(safe))).toBe(false)
    const [row] = await world.store.read('care', (tx) =>
      tx.query<{ wrapped: Buffer | null }>(sql`SELECT wrapped FROM export.safe WHERE id = ${safe}`),
    )
    expect(row?.wrapped).toBeNull()
  })

  it('names nothing that tells who or what is in a safe', async () => {
    const job = await world.kickoff([['_type', 'Patient']])
    await drain(world.worker())
    const { safe } = await jobOf(job)
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
    expect([safe, ...readdirSync(safeFolder(safe))].filter((name) => !uuid.test(name))).toEqual([])
  })

  it('keeps what was asked sealed: a filter may tell who someone is', async () => {
    const job = await world.kickoff([['_typeFilter', 'Patient?family=Canarywood']])
    const { request } = await jobOf(job)
    expect(request.includes('Canarywood')).toBe(false)
    await world.exports.remove(world.at, job)
  })
})

describe('B28 transactionTime', () => {
  it('waits for a commit that was in flight when it was fixed', async () => {
    const job = await world.kickoff([['_type', 'Condition']])
    let commit = (): void => undefined
    const held = new Promise<void>((resolve) => (commit = resolve))
    const condition = { resourceType: 'Condition', id: 'c1', subject: { reference: 'Patient/p1' }, meta: {} }
    // a transaction that read its clock, wrote, and has not committed yet
    const writing = world.store.transaction('care', async (tx) => {
      const updatedAt = new Date()
      const [row] = await world.gate.admit(tx, [
        { resource: condition, version: 1, updatedAt, method: 'PUT' },
      ])
      if (!row) throw new Error('a row expected')
      await save(tx, [row])
      await held
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    const planning = world.worker().step(never)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect((await jobOf(job)).state).toBe('accepted')
    commit()
    await Promise.all([writing, planning])
    await drain(world.worker())
    expect(ids(await world.resources(job))).toEqual(['c1'])
  })

  it('leaves out what was written after it', async () => {
    const job = await world.kickoff([['_type', 'Encounter']])
    await world.worker().step(never)
    await world.write([
      {
        resourceType: 'Encounter',
        id: 'e1',
        status: 'finished',
        class: { code: 'AMB' },
        subject: { reference: 'Patient/p1' },
      },
    ])
    await drain(world.worker())
    const status = await world.exports.status(world.at, job)
    expect(status).toMatchObject({ state: 'done', files: [] })
  })
})
