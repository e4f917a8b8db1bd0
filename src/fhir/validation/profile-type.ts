import { rootItem, type Item } from '../element-item.ts'
import { isA } from '../search/expression-type.ts'
import { isObject } from '../json.ts'
import type { ProfileElement, Profiles } from './profile-tree.ts'
import { resolveLocally } from '../resolve.ts'
import { definitionOf, type ElementType } from './structure-definition.ts'
import { noteUnchecked, type Run } from './validate-run.ts'

type ItemCheck = (item: Item, run: Run) => void

/**
 * The check of `ElementDefinition.type`: the types it may have, the profiles of a type, and what a
 * Reference may lead to.
 *
 * @throws UnusableProfile when the target of a Reference is told by a profile that is not held
 */
export function typeCheck(
  { definition, types, id }: ProfileElement,
  profiles: Profiles,
): ItemCheck | undefined {
  const given = definition.type
  if (!given) return undefined
  const targets = targetCheck(given, id, profiles)
  const missing = given.flatMap(({ profile }) => profile ?? []).find((one) => !profiles.definition(one))
  return (item, run) => {
    const allowed = types.some((type) => type === 'Resource' || isA(item.type, type))
    if (!allowed) return run.report.note('error', 'structure', item.path, `of another type than ${id} allows`)
    if (missing === undefined) checkProfiles(item, given, run)
    else run.report.note('error', 'not-supported', item.path, `cannot be checked: ${id} needs ${missing}`)
    targets?.(item, run)
  }
}

/** "Each of the types may have profiles: the value must conform to one of them." */
function checkProfiles(item: Item, given: readonly ElementType[], run: Run): void {
  const ofType = given.filter(({ code }) => code === item.type || code.includes('/') || code === 'Resource')
  const profiles = ofType.flatMap(({ profile }) => profile ?? [])
  const [first, ...more] = profiles
  if (first === undefined || ofType.some(({ profile }) => (profile?.length ?? 0) === 0)) return
  if (more.length === 0) return run.check(item, first)
  const answers = profiles.map((profile) => run.conforms(item, profile))
  if (answers.includes(true)) return
  if (answers.includes(undefined)) noteUnchecked(run, item.path, 'its profiles cannot all be checked')
  else run.report.note('error', 'structure', item.path, 'conforms to none of the profiles that are allowed')
}

function targetCheck(given: readonly ElementType[], id: string, profiles: Profiles): ItemCheck | undefined {
  const named = given.flatMap(({ code, targetProfile }) =>
    code === 'Reference' ? (targetProfile ?? []) : [],
  )
  if (named.length === 0) return undefined
  const allowed = named.map((profile) => ({ profile, type: profiles.tree(profile).type }))
  const isAny = allowed.some(({ type }) => type === 'Resource')
  return (item, run) => {
    if (!isObject(item.value) || item.value['reference'] === undefined || isAny) return
    const target = resolveLocally(item.value, item, run.root)
    const type = target.kind === 'here' ? target.resource.resourceType : target.type
    if (type === undefined) return noteUnchecked(run, item.path, 'what it refers to is not here')
    const ofType = allowed.filter((one) => one.type === type).map(({ profile }) => profile)
    if (ofType.length === 0) {
      return run.report.note('error', 'value', item.path, `refers to a type that ${id} does not allow`)
    }
    if (ofType.includes(definitionOf(type))) return
    const answers =
      target.kind === 'here' ? ofType.map((one) => run.conforms(rootItem(target.resource), one)) : []
    if (answers.includes(true)) return
    const isWrong = answers.length > 0 && !answers.includes(undefined)
    if (isWrong)
      run.report.note('error', 'value', item.path, `what it refers to has not the profile of ${id}`)
    else if (!run.errorsOnly)
      run.report.note('information', 'not-supported', item.path, 'what it refers to was not checked')
  }
}
