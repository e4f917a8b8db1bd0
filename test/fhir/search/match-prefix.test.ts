import { matchesInterval, matchesNumber } from '../../../src/fhir/search/match-prefix.ts'
import type { Prefix } from '../../../src/fhir/search/query.ts'

/**
 * The table of prefixes word for word, over sets of points instead of bounds.
 *
 * @see FHIR R4 § Search, "Prefixes"
 */
function bySets(prefix: Prefix, search: ReadonlySet<number>, target: ReadonlySet<number>): boolean {
  const all = Array.from({ length: 12 }, (_, point) => point)
  const above = new Set(all.filter((point) => [...search].every((one) => point > one)))
  const below = new Set(all.filter((point) => [...search].every((one) => point < one)))
  const intersects = (a: ReadonlySet<number>, b: ReadonlySet<number>) => [...a].some((point) => b.has(point))
  const contains = (a: ReadonlySet<number>, b: ReadonlySet<number>) => [...b].every((point) => a.has(point))
  switch (prefix) {
    case 'eq':
      return contains(search, target)
    case 'ne':
      return !contains(search, target)
    case 'gt':
      return intersects(above, target)
    case 'lt':
      return intersects(below, target)
    case 'ge':
      return intersects(above, target) || contains(search, target)
    case 'le':
      return intersects(below, target) || contains(search, target)
    case 'sa':
      return !intersects(search, target) && contains(above, target)
    case 'eb':
      return !intersects(search, target) && contains(below, target)
    case 'ap':
      return intersects(search, target)
  }
}

const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const

/** [low, high) over the points 2 to 9 */
const intervals = [2, 3, 4, 5, 6, 7, 8].flatMap((low) =>
  [3, 4, 5, 6, 7, 8, 9].filter((high) => high > low).map((high) => ({ low, high })),
)

function points({ low, high }: { low: number; high: number }): ReadonlySet<number> {
  return new Set(
    Array.from({ length: 12 }, (_, point) => point).filter((point) => point >= low && point < high),
  )
}

describe('A prefix on dates', () => {
  it.each(prefixes)('%s means what the table of the specification says', (prefix) => {
    const open = [
      { low: -Infinity, high: 5 },
      { low: 5, high: Infinity },
      { low: -Infinity, high: Infinity },
    ]
    const wrong = intervals.flatMap((search) =>
      [...intervals, ...open].filter(
        (target) =>
          matchesInterval({ prefix, ...search }, target) !== bySets(prefix, points(search), points(target)),
      ),
    )
    expect(wrong).toEqual([])
  })
})

describe('A prefix on numbers', () => {
  const point = (value: number) => ({ low: value, high: value })
  const below = { low: -Infinity, high: 100 }
  const above = { low: 100, high: Infinity }

  it.each([
    ['eq', point(100), true],
    ['eq', point(99.5), true],
    ['eq', point(100.5), false],
    ['eq', { low: 99.6, high: 100.4 }, true],
    ['eq', { low: 99, high: 101 }, false],
    ['eq', above, false],
    ['ne', point(100.4), false],
    ['ne', point(101), true],
    ['gt', point(100), false],
    ['gt', point(100.1), true],
    ['gt', above, true],
    ['gt', below, false],
    ['lt', point(99.9), true],
    ['lt', point(100), false],
    ['ge', point(100), true],
    ['ge', point(99.9), false],
    ['le', point(100), true],
    ['le', point(100.1), false],
    ['le', above, true],
    ['sa', point(100.1), true],
    ['sa', { low: 99, high: 101 }, false],
    ['eb', point(99.9), true],
    ['eb', { low: 99, high: 101 }, false],
    ['ap', point(100.5), true],
    ['ap', point(101), false],
  ] as const)('%s100 on %o: %s', (prefix, target, expected) => {
    expect(matchesNumber({ prefix, number: 100, low: 99.5, high: 100.5 }, target)).toBe(expected)
  })
})
