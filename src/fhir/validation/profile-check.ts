import { types as definedTypes, type PropertyDefinition } from '../definitions.ts'
import { itemsOf, type Item } from '../element-item.ts'
import { invariantCheck } from './invariant.ts'
import { bindingCheckOf } from './profile-binding.ts'
import { compileSlicing } from './profile-slicing.ts'
import type { ProfileElement, Profiles, ProfileTree } from './profile-tree.ts'
import { typeCheck } from './profile-type.ts'
import { compareToLimit, isFixed, lengthOf, matchesPattern } from './profile-value.ts'
import { valueOf, type Constraint } from './structure-definition.ts'
import { constraintsAt } from './validate-element.ts'
import { noteUnchecked, type Run } from './validate-run.ts'

/** The checks of an element: how many there are, and what each of them is, slices included. */
interface ElementCheck {
  readonly count: (items: readonly Item[], place: string, run: Run) => void
  readonly each: (items: readonly Item[], place: string, run: Run) => void
}
type ItemCheck = (item: Item, run: Run) => void

/**
 * Compiles a profile: what it says beyond the definition of its type.
 *
 * @returns a check of an item of that type
 * @throws UnusableProfile when it says what cannot be evaluated; then nothing of it must be trusted
 */
export function compileProfile(tree: ProfileTree, profiles: Profiles): ItemCheck {
  const checks = itemChecks(tree.root, { tree, profiles })
  return (item, run) => {
    for (const check of checks) check(item, run)
  }
}

interface Within {
  readonly tree: ProfileTree
  readonly profiles: Profiles
}

function compileElement(element: ProfileElement, within: Within): ElementCheck {
  const checks = itemChecks(element, within)
  const inSlices = element.slices.size > 0 ? sliceCheck(element, within) : undefined
  return {
    count: countCheck(element),
    each: (items, place, run) => {
      for (const item of items) for (const check of checks) check(item, run)
      inSlices?.(items, place, run)
    },
  }
}

function countCheck({ definition, id }: ProfileElement): ElementCheck['count'] {
  const { min = 0, max = '*' } = definition
  const most = max === '*' ? Infinity : Number(max)
  return ({ length }, place, run) => {
    if (length < min) run.report.note('error', 'required', place, `at least ${min} expected (${id})`)
    if (length > most) run.report.note('error', 'structure', place, `at most ${max} allowed (${id})`)
  }
}

function sliceCheck(element: ProfileElement, within: Within): ElementCheck['each'] {
  const sort = compileSlicing(element, within.profiles)
  const slices = [...element.slices].map(([name, slice]) => ({ name, ...compileElement(slice, within) }))
  return (items, place, run) => {
    const { bySlice, unknown } = sort(items, run)
    for (const { path } of unknown) noteUnchecked(run, path, `its slice cannot be told (${element.id})`)
    for (const { name, count, each } of slices) {
      const found = bySlice.get(name) ?? []
      // an item that cannot be told may be the one that is missing
      if (unknown.length === 0) count(found, place, run)
      each(found, place, run)
    }
  }
}

function itemChecks(element: ProfileElement, within: Within): readonly ItemCheck[] {
  const { definition } = element
  const invariants = (definition.constraint ?? []).filter((one) => !isOfType(one, element))
  return [
    typeCheck(element, within.profiles),
    ...valueChecks(element),
    definition.binding && bindingCheckOf(definition.binding),
    ...invariants.map(invariantCheck),
    ...childChecks(element, within),
  ].filter((check) => check !== undefined)
}

/** A snapshot repeats the invariants of the type, which are checked with every resource. */
function isOfType({ key, expression }: Constraint, { definition, types }: ProfileElement): boolean {
  const known = [definition.path.replace(/:[^.]+/g, ''), ...types].flatMap(constraintsAt)
  return known.some((one) => one.key === key && one.expression === expression)
}

function childChecks(element: ProfileElement, within: Within): ItemCheck[] {
  const own = [...element.children].map(([name, child]): ItemCheck => {
    const { count, each } = compileElement(child, within)
    return (item, run) => {
      const items = itemsOf(item, name)
      const place = `${item.path}.${name}`
      count(items, place, run)
      each(items, place, run)
    }
  })
  return [...own, ...recursions(element, within)]
}

/**
 * `Questionnaire.item.item` is what `Questionnaire.item` is: what the profile says of the one holds for
 * the other. Compiled when the first one comes, because it contains itself.
 */
function recursions(element: ProfileElement, within: Within): ItemCheck[] {
  return element.types.flatMap((type) =>
    [...(definedTypes.get(type)?.properties.values() ?? [])].filter(isRecursion).flatMap((property) => {
      const target = elementAt(within.tree.root, property.type)
      const hasOwn = element.children.get(property.name)?.children.size
      if (!target || target.children.size === 0 || hasOwn) return []
      let checks: readonly ItemCheck[] | undefined
      return [
        (item: Item, run: Run) => {
          checks ??= childChecks(target, within)
          for (const one of itemsOf(item, property.name)) for (const check of checks) check(one, run)
        },
      ]
    }),
  )
}

function isRecursion({ type, path }: PropertyDefinition): boolean {
  return type.includes('.') && type !== path
}

function elementAt(root: ProfileElement, path: string): ProfileElement | undefined {
  return path
    .split('.')
    .slice(1)
    .reduce<ProfileElement | undefined>((element, name) => element?.children.get(name), root)
}

/** `fixed[x]`, `pattern[x]`, `maxLength`, `minValue[x]`, `maxValue[x]`. */
function valueChecks(element: ProfileElement): ItemCheck[] {
  const { definition, id } = element
  const checks: ItemCheck[] = []
  const fixed = valueOf(definition, 'fixed')
  const pattern = valueOf(definition, 'pattern')
  const { maxLength } = definition
  const demand = (holds: (value: Item['value']) => boolean, rule: string) =>
    checks.push(({ value, path }, run) => {
      if (!holds(value)) run.report.note('error', 'value', path, `${rule} (${id})`)
    })
  if (fixed !== undefined) demand((value) => isFixed(value, fixed), 'must be the fixed value')
  if (pattern !== undefined) demand((value) => matchesPattern(value, pattern), 'must hold the pattern')
  if (maxLength !== undefined)
    demand((value) => lengthOf(value) <= maxLength, `at most ${maxLength} characters`)
  for (const end of ['minValue', 'maxValue'] as const) {
    const check = limitCheck(element, end)
    if (check) checks.push(check)
  }
  return checks
}

function limitCheck({ definition, id }: ProfileElement, end: 'minValue' | 'maxValue'): ItemCheck | undefined {
  const limit = valueOf(definition, end)
  if (limit === undefined) return undefined
  const sign = end === 'minValue' ? 1 : -1
  return ({ value, path }, run) => {
    if (value === undefined) return
    const order = compareToLimit(value, limit, end === 'minValue' ? 'low' : 'high')
    if (order === undefined) noteUnchecked(run, path, `cannot be compared with ${end} (${id})`)
    else if (order * sign < 0) run.report.note('error', 'value', path, `beyond ${end} (${id})`)
  }
}
