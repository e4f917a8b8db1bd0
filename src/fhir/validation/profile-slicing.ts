import type { Item } from '../element-item.ts'
import { sliceTest, type SliceTest } from './profile-discriminator.ts'
import { UnusableProfile, type ProfileElement, type Profiles } from './profile-tree.ts'
import type { Slicing } from './structure-definition.ts'
import type { Run } from './validate-run.ts'

/** The items of an element, told apart. */
export interface Sorted {
  /** by sliceName; a slice without items is there too */
  readonly bySlice: ReadonlyMap<string, readonly Item[]>
  /** items whose slice cannot be told from what is here */
  readonly unknown: readonly Item[]
}

export type Sort = (items: readonly Item[], run: Run) => Sorted

const byUrl: Slicing = { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' }
const byType: Slicing = { discriminator: [{ type: 'type', path: '$this' }], rules: 'open' }

/** The slicing of an element; extensions and choices of types need not declare theirs. */
function slicingOf({ definition, name, id }: ProfileElement): Slicing {
  const { slicing } = definition
  if (slicing?.discriminator && slicing.discriminator.length > 0) return slicing
  const isExtension = name === 'extension' || name === 'modifierExtension'
  const usual = isExtension ? byUrl : id.endsWith('[x]') ? byType : {}
  return { ...slicing, ...usual, rules: slicing?.rules ?? 'open' }
}

/**
 * What sorts items into slices, and says which rules of the slicing they break.
 *
 * @throws UnusableProfile when the slices cannot be told apart
 * @see FHIR R4 § Profiling, "Slicing"
 */
export function compileSlicing(element: ProfileElement, profiles: Profiles): Sort {
  const slicing = slicingOf(element)
  const { discriminator = [] } = slicing
  // `@default` is what no other slice takes
  const tests = [...element.slices].flatMap(([name, slice]) =>
    name === rest ? [] : [{ name, test: every(discriminator.map((one) => sliceTest(one, slice, profiles))) }],
  )
  if (discriminator.length === 0 && tests.length > 0) {
    throw new UnusableProfile(`${element.id}: slices without a discriminator`)
  }
  const order = orderCheck(slicing, element.id)
  return (items, run) => {
    const bySlice = new Map<string, Item[]>([...element.slices.keys()].map((name) => [name, []]))
    const unknown: Item[] = []
    const inOrder = order()
    for (const item of items) {
      const answers = tests.map(({ test }) => test(item, run))
      const at = answers.indexOf(true)
      if (at < 0 && answers.includes(undefined)) unknown.push(item)
      else {
        if (answers.indexOf(true, at + 1) >= 0 && at >= 0)
          report(run, item, `in several slices (${element.id})`)
        bySlice.get(tests[at]?.name ?? rest)?.push(item)
        inOrder(item, at, bySlice.has(rest), run)
      }
    }
    return { bySlice, unknown }
  }
}

const rest = '@default'

/** `Slicing.rules` and `Slicing.ordered`: called for each item in turn, with its slice's place, or -1. */
function orderCheck({ rules, ordered }: Slicing, id: string) {
  return () => {
    let furthest = 0
    let isPast = false
    return (item: Item, at: number, hasDefault: boolean, run: Run): void => {
      if (at < 0) {
        isPast = true
        if (rules === 'closed' && !hasDefault)
          report(run, item, `in no slice, and the slicing is closed (${id})`)
        return
      }
      if (ordered === true && at < furthest)
        report(run, item, `behind a later slice: they are ordered (${id})`)
      if (rules === 'openAtEnd' && isPast) report(run, item, `behind items of no slice (${id})`)
      furthest = Math.max(furthest, at)
    }
  }
}

function report(run: Run, item: Item, rule: string): void {
  run.report.note('error', 'structure', item.path, rule)
}

/** All of several tests; what one denies the others need not know. */
function every(tests: readonly SliceTest[]): SliceTest {
  return (item, run) => {
    let known = true
    for (const test of tests) {
      const answer = test(item, run)
      if (answer === false) return false
      if (answer === undefined) known = false
    }
    return known ? true : undefined
  }
}
