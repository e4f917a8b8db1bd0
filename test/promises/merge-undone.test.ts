import fc from 'fast-check'
import type { Bundle, Observation } from 'fhir/r4.js'
import { call, observation, to } from '../support/merging.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * A false merge is undone without loss: random records of two Patients, a merge, random edits, the undoing;
 * then each resource is what it would be had the edits been made without the merge. `MERGES=200` for the
 * long run.
 */
const runs = Number(process.env['MERGES'] ?? 2)

let server: TestServer
let client: Client
beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})
afterAll(() => server.close())

/** Whom a reference is to: the source, the target, or somebody else. */
const who = fc.constantFrom<Who>('s', 't', 'o')
type Who = 's' | 't' | 'o'
interface Model {
  readonly subject: Who
  readonly performer: readonly Who[]
  readonly status: string
}
const models = fc.record({
  subject: who,
  performer: fc.array(who, { maxLength: 3 }),
  status: fc.constant('final'),
})

/** An edit of a resource after the merge, as a function of what it says. */
type Edit = 'amend' | 'subject to another' | 'drop performers' | 'delete'
const edits = fc.constantFrom<Edit>('amend', 'subject to another', 'drop performers', 'delete')

function edited(model: Model, edit: Edit): Model | undefined {
  if (edit === 'delete') return undefined
  if (edit === 'amend') return { ...model, status: 'amended' }
  return edit === 'drop performers' ? { ...model, performer: [] } : { ...model, subject: 'o' }
}

/** @param names ids of the Patients */
function resourceOf(id: string, { subject, performer, status }: Model, names: Record<Who, string>) {
  const performers = performer.length > 0 ? { performer: performer.map((one) => to(names[one])) } : {}
  return observation(id, { status, subject: to(names[subject]), ...performers })
}

async function send(
  entries: readonly (readonly [id: string, resource: object | undefined])[],
): Promise<void> {
  const entry = entries.map(([id, resource]) => {
    const url = `Observation/${id}`
    return resource === undefined
      ? { request: { method: 'DELETE', url } }
      : { resource, request: { method: 'PUT', url } }
  })
  await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }).expect(200)
}

async function stored(name: string): Promise<Record<string, object>> {
  const { body } = await client.get(`/fhir/Observation?_id=${idsOf(name).join(',')}&_count=100`).expect(200)
  const found = ((body as Bundle<Observation>).entry ?? []).flatMap(({ resource }) => resource ?? [])
  return Object.fromEntries(found.map(({ meta: _, ...rest }) => [rest.id, rest]))
}
const idsOf = (name: string) => [...Array(12).keys()].map((n) => `${name}-${n}`)

describe('a merge and its undoing', () => {
  it('leave each resource as the edits alone would have left it', async () => {
    let run = 0
    const records = fc.array(models, { minLength: 1, maxLength: 8 })
    const changes = fc.array(fc.tuple(fc.nat(7), edits), { maxLength: 5 })
    const property = fc.asyncProperty(
      records,
      changes,
      fc.array(who, { maxLength: 4 }),
      async (before, after, later) => {
        const name = `run${run++}`
        const names = { s: `${name}s`, t: `${name}t`, o: `${name}o` }
        const merged = { ...names, s: names.t }
        for (const id of Object.values(names)) {
          await client.put(`/fhir/Patient/${id}`, { resourceType: 'Patient', id }).expect(201)
        }
        const expected = new Map<string, Model | undefined>(before.map((model, n) => [`${name}-${n}`, model]))
        await send(before.map((model, n) => [`${name}-${n}`, resourceOf(`${name}-${n}`, model, names)]))
        await client.post('/fhir/Patient/$merge', call(names.s, names.t)).expect(200)
        for (const [n, edit] of after) {
          const id = `${name}-${n}`
          const model = expected.get(id)
          if (!model) continue
          const next = edited(model, edit)
          expected.set(id, next)
          await send([[id, next && resourceOf(id, next, merged)]])
        }
        // what is written after the merge is nobody's but whom it names
        for (const [n, subject] of later.entries()) {
          const model = {
            subject: subject === 's' ? ('t' as const) : subject,
            performer: [],
            status: 'final',
          }
          expected.set(`${name}-${8 + n}`, model)
          await send([[`${name}-${8 + n}`, resourceOf(`${name}-${8 + n}`, model, names)]])
        }
        await client.post('/fhir/Patient/$undo-merge', call(names.s, names.t)).expect(200)
        const there = [...expected].flatMap(([id, model]) =>
          model ? [[id, resourceOf(id, model, names)]] : [],
        )
        expect(await stored(name)).toEqual(Object.fromEntries(there))
      },
    )
    await fc.assert(property, { numRuns: runs })
  }, 600_000)
})
