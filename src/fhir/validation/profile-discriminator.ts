import type { Item } from '../element-item.ts'
import { isA } from '../search/expression-type.ts'
import { isObject, type Json } from '../json.ts'
import { codesOf, membership } from './membership.ts'
import { UnusableProfile, type ProfileElement, type Profiles } from './profile-tree.ts'
import { elementsAt, itemsAt, parseSteps, urlOf, type Step } from './profile-step.ts'
import { isFixed, matchesPattern, projected } from './profile-value.ts'
import { resolveLocally } from '../resolve.ts'
import { valueOf, type Discriminator } from './structure-definition.ts'
import type { Run } from './validate-run.ts'

/** Whether an item belongs to a slice; undefined when that cannot be told from what is here. */
export type SliceTest = (item: Item, run: Run) => boolean | undefined

/**
 * The test that a discriminator makes of a slice.
 *
 * @throws UnusableProfile when the discriminator is of a kind or form that is not known, or when the slice
 *   says nothing at its path: then no item could be told from another
 * @see FHIR R4 § Profiling, "Discriminator"
 */
export function sliceTest(
  { type, path }: Discriminator,
  slice: ProfileElement,
  profiles: Profiles,
): SliceTest {
  const steps = parseSteps(path, slice)
  switch (type) {
    case 'value':
    case 'pattern':
      return valueTest(steps, slice, profiles)
    case 'exists':
      return existsTest(steps, slice, profiles)
    case 'type':
      return typeTest(steps, slice, profiles)
    case 'profile':
      return profileTest(steps, slice, profiles)
    default:
      throw new UnusableProfile(`${slice.id}: a discriminator of a kind that is not known`)
  }
}

// ---------------------------------------------------------------------------------------------

interface Criterion {
  readonly steps: readonly Step[]
  readonly holds: (item: Item) => boolean | undefined
}

function valueTest(steps: readonly Step[], slice: ProfileElement, profiles: Profiles): SliceTest {
  if (isExtensionUrl(steps, slice)) return extensionTest(slice)
  const criteria: Criterion[] = []
  let elements: readonly ProfileElement[] = [slice]
  for (let at = 0; at <= steps.length; at++) {
    const rest = steps.slice(at)
    for (const element of elements) criteria.push(...criteriaOf(element, steps.slice(0, at), rest))
    const [next] = rest
    if (next) elements = elementsAt(elements, [next], profiles)
  }
  if (criteria.length === 0) throw new UnusableProfile(`${slice.id}: says nothing at its discriminator`)
  return (item, run) => {
    const answers = criteria.map((criterion) => meets(criterion, item, run))
    if (answers.includes(false)) return false
    return answers.includes(undefined) ? undefined : true
  }
}

function meets({ steps, holds }: Criterion, item: Item, run: Run): boolean | undefined {
  const answers = itemsAt([item], steps, run)?.map(holds)
  if (answers === undefined) return undefined
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}

/** @param rest the steps from here to the discriminator's end, along which a pattern is followed */
function criteriaOf(element: ProfileElement, steps: readonly Step[], rest: readonly Step[]): Criterion[] {
  const { definition } = element
  const [fixed, pattern] = [valueOf(definition, 'fixed'), valueOf(definition, 'pattern')]
  if (rest.length === 0 && fixed !== undefined) {
    return [{ steps, holds: ({ value }) => isFixed(value, fixed) }]
  }
  const names = rest.flatMap((step) => (step.kind === 'name' ? [step.name] : []))
  const whole = pattern ?? fixed
  const part = whole === undefined || names.length < rest.length ? undefined : projected(whole, names)
  if (part !== undefined) return [{ steps, holds: ({ value }) => matchesPattern(value, part) }]
  const { binding } = definition
  if (rest.length > 0 || binding?.strength !== 'required' || binding.valueSet === undefined) return []
  const { valueSet } = binding
  return [{ steps, holds: ({ value }) => isMember(value, valueSet) }]
}

function isMember(value: Json | undefined, valueSet: string): boolean | undefined {
  const found = codesOf(value).map((code) => membership(valueSet, code))
  if (found.includes('in')) return true
  return found.includes('unknown') ? undefined : false
}

function isExtensionUrl(steps: readonly Step[], slice: ProfileElement): boolean {
  const [step, ...more] = steps
  return (
    slice.types.includes('Extension') && more.length === 0 && step?.kind === 'name' && step.name === 'url'
  )
}

/** Extensions are told apart by url, whether or not the definition of one is held. */
function extensionTest(slice: ProfileElement): SliceTest {
  const url = urlOf(slice)
  if (typeof url !== 'string') throw new UnusableProfile(`${slice.id}: an extension without url`)
  const [plain] = url.split('|')
  return ({ value }) => isObject(value) && value['url'] === plain
}

function existsTest(steps: readonly Step[], slice: ProfileElement, profiles: Profiles): SliceTest {
  const definitions = elementsAt([slice], steps, profiles).map(({ definition }) => definition)
  const isForbidden = definitions.some(({ max }) => max === '0')
  if (!isForbidden && !definitions.some(({ min }) => (min ?? 0) > 0)) {
    throw new UnusableProfile(`${slice.id}: does not say whether its discriminator exists`)
  }
  return (item, run) => {
    const found = itemsAt([item], steps, run)
    return found && found.length > 0 !== isForbidden
  }
}

function typeTest(steps: readonly Step[], slice: ProfileElement, profiles: Profiles): SliceTest {
  const last = steps.at(-1)
  const before = last?.kind === 'resolve' ? steps.slice(0, -1) : steps
  const elements = elementsAt([slice], before, profiles)
  if (elements.length === 0) throw new UnusableProfile(`${slice.id}: says no type at its discriminator`)
  if (last?.kind === 'resolve') return targetTypeTest(before, elements, profiles)
  const allowed = elements.flatMap((element) => element.types)
  return (item, run) =>
    itemsAt([item], before, run)?.some(({ type }) => allowed.some((one) => isOfType(type, one)))
}

/** By what the reference itself tells. */
function targetTypeTest(
  before: readonly Step[],
  elements: readonly ProfileElement[],
  profiles: Profiles,
): SliceTest {
  const targets = elements.flatMap(({ definition }) =>
    (definition.type ?? []).flatMap(({ targetProfile }) => targetProfile ?? []),
  )
  const allowed = targets.map((target) => profiles.tree(target).type)
  return (item, run) => {
    const found = itemsAt([item], before, run)?.map((one) => {
      const target = resolveLocally(one.value, one, run.root)
      const type = target.kind === 'here' ? target.resource.resourceType : target.type
      return type === undefined ? undefined : allowed.includes(type)
    })
    if (!found || (found.includes(undefined) && !found.includes(true))) return undefined
    return found.includes(true)
  }
}

function isOfType(type: string, allowed: string): boolean {
  return allowed === 'Resource' || allowed === 'DomainResource' || isA(type, allowed)
}

function profileTest(steps: readonly Step[], slice: ProfileElement, profiles: Profiles): SliceTest {
  const last = steps.at(-1)
  const isTarget = last?.kind === 'resolve'
  const before = isTarget ? steps.slice(0, -1) : steps
  const elements = elementsAt([slice], before, profiles)
  const named = elements.flatMap(({ definition }) =>
    (definition.type ?? []).flatMap((type) => (isTarget ? type.targetProfile : type.profile) ?? []),
  )
  if (named.length === 0) throw new UnusableProfile(`${slice.id}: says no profile at its discriminator`)
  return (item, run) => {
    const answers = itemsAt([item], steps, run)?.flatMap((one) =>
      named.map((profile) => run.conforms(one, profile)),
    )
    if (!answers || (answers.includes(undefined) && !answers.includes(true))) return undefined
    return answers.includes(true)
  }
}
