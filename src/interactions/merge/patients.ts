import { equalJson } from '../../fhir/json-equal.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { leadsTo } from './redirect.ts'

/** Whether a Patient was replaced by another. */
export function isReplaced(patient: Resource): boolean {
  return listOf(patient['link']).some((link) => isObject(link) && link['type'] === 'replaced-by')
}

/** The source after a merge: inactive, with a link to what replaced it. @param target its id */
export function replacedSource(source: Resource, target: string, base: string): Resource {
  return { ...source, active: false, link: linked(source, target, 'replaced-by', base) }
}

/** The target after a merge: a link to what it replaces, whose identifiers it has beside its own. */
export function replacingTarget(target: Resource, source: Resource, base: string): Resource {
  const own = listOf(target['identifier'])
  const added = listOf(source['identifier']).filter((one) => !own.some((other) => sameIdentifier(one, other)))
  const identifier = [...own, ...added.map((one) => ({ ...(one as JsonObject), use: 'old' }))]
  return {
    ...target,
    ...(identifier.length > 0 ? { identifier } : {}),
    link: linked(target, String(source['id']), 'replaces', base),
  }
}

/** Whether a Patient has the link to another one, of that type. */
export function hasLink(patient: Resource, to: string, type: string, base: string): boolean {
  return listOf(patient['link']).some(
    (link) => isObject(link) && link['type'] === type && isLinkTo(link, to, base),
  )
}

/** Whether a Patient has all of some identifiers. */
export function hasIdentifiers(patient: Resource, identifiers: readonly Json[]): boolean {
  const own = listOf(patient['identifier'])
  return identifiers.every((one) => own.some((other) => sameIdentifier(one, other)))
}

/**
 * A Patient as it would be had there been no merge: what the merge wrote is taken back, element by element,
 * and what was edited since stays. Of the lists `identifier` and `link` it is taken back item by item.
 *
 * @param before the version before the merge
 * @param merged the one that it wrote
 * @param current the one there is now
 */
export function withoutMerge(before: Resource, merged: Resource, current: Resource): Resource {
  const undone: Resource = { resourceType: current.resourceType }
  for (const name of new Set([...Object.keys(before), ...Object.keys(current)])) {
    const value = elementWithoutMerge(name, before[name], merged[name], current[name])
    if (value !== undefined) undone[name] = value
  }
  return undone
}

function elementWithoutMerge(
  name: string,
  before: Json | undefined,
  merged: Json | undefined,
  current: Json | undefined,
): Json | undefined {
  if (name === 'resourceType' || name === 'id' || name === 'meta') return current
  if (equalJson(current, merged)) return before
  if (name !== 'identifier' && name !== 'link') return current
  const kept = without(listOf(current), without(listOf(merged), listOf(before)))
  const back = without(without(listOf(before), listOf(merged)), kept)
  const items = [...kept, ...back]
  return items.length > 0 ? items : undefined
}

/** One list less another, each item as often as it is there. */
function without(list: readonly Json[], less: readonly Json[]): Json[] {
  const left = [...less]
  return list.filter((one) => {
    const at = left.findIndex((other) => equalJson(one, other))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function linked(patient: Resource, to: string, type: 'replaces' | 'replaced-by', base: string): Json[] {
  const others = listOf(patient['link']).filter((link) => !isObject(link) || !isLinkTo(link, to, base))
  return [...others, { other: { reference: `Patient/${to}` }, type }]
}

function isLinkTo({ other }: JsonObject, id: string, base: string): boolean {
  if (!isObject(other)) return false
  const { reference } = other
  return typeof reference === 'string' && leadsTo(reference, id, base)
}

function sameIdentifier(one: Json, other: Json): boolean {
  return (
    isObject(one) && isObject(other) && one['system'] === other['system'] && one['value'] === other['value']
  )
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
