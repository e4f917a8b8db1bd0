import fc from 'fast-check'
import { Searchable } from '../support/searchable.ts'

/** Zones with the moments at which their clocks change in 2024, and one that is far ahead of UTC. */
const zones: readonly (readonly [zone: string, ...changes: string[]])[] = [
  ['Europe/Paris', '2024-03-31T01:00:00Z', '2024-10-27T01:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z', '2019-02-17T02:00:00Z'], // midnight is skipped, and comes twice
  ['Pacific/Auckland', '2024-04-06T14:00:00Z', '2024-09-28T14:00:00Z'],
]

const prefixes = ['', 'eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sa', 'eb', 'ap'] as const
const halfHours = fc.integer({ min: -80, max: 80 })

/** Texts of dates of any precision near the changes. */
function dates(changes: readonly string[], lengths: readonly number[]): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...changes),
      halfHours,
      fc.constantFrom(...lengths),
      fc.constantFrom('Z', '+02:00', ''),
    )
    .map(([change, steps, length, offset]) => {
      const text = new Date(Date.parse(change) + steps * 1_800_000).toISOString().slice(0, length)
      return length > 10 ? `${text}${offset}` : text
    })
}

const anyLength = [4, 7, 10, 19, 23]

function observations(changes: readonly string[]): object[] {
  const one = dates(changes, anyLength)
  const [singles, pairs] = [
    fc.sample(one, { numRuns: 80, seed: 1 }),
    fc.sample(fc.tuple(one, one), { numRuns: 40, seed: 2 }),
  ]
  const times = [
    ...singles.map((effectiveDateTime) => ({ effectiveDateTime })),
    ...pairs.flatMap(([start, end]) => [
      { effectivePeriod: { start, end } },
      { effectivePeriod: { start } },
      { effectivePeriod: { end } },
    ]),
    {},
  ]
  // the first in the column of the main date, the second in the index of all others
  return times.flatMap((time, n) => [
    { resourceType: 'Observation', id: `o${n}`, ...time },
    {
      resourceType: 'Condition',
      id: `c${n}`,
      ...('effectiveDateTime' in time ? { recordedDate: time.effectiveDateTime } : {}),
    },
  ])
}

function patients(changes: readonly string[]): object[] {
  const births = fc.sample(dates(changes, [4, 7, 10]), { numRuns: 60, seed: 3 })
  return [...births, '0001', '0099-12-31', '9999', '1900-01-01'].map((birthDate, n) => ({
    ...{ resourceType: 'Patient', id: `p${n}`, birthDate },
  }))
}

describe.each(zones)('In %s, on the days clocks change', (zone, ...changes) => {
  let all: Searchable
  beforeAll(async () => {
    all = await Searchable.with([...observations(changes), ...patients(changes)], zone)
  })
  afterAll(() => all.close())

  it('dates of any precision are found alike in SQL and in memory, with every prefix, sealed ones too', async () => {
    const parameters = fc.constantFrom('Observation?date', 'Condition?recorded-date', 'Patient?birthdate')
    const asked = fc.tuple(parameters, fc.constantFrom(...prefixes), dates(changes, anyLength))
    await fc.assert(
      fc.asyncProperty(asked, async ([parameter, prefix, date]) => {
        const search = `${parameter}=${prefix}${date}`
        expect([search, await all.found(search)]).toEqual([search, all.judged(search)])
      }),
      { numRuns: 60 },
    )
  })
})
