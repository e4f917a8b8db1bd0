import { itemsOf, rootItem, type Item } from '../element-item.ts'
import { isA } from '../search/expression-type.ts'
import { isObject, type Json } from '../json.ts'
import { UnusableProfile, type ProfileElement, type Profiles } from './profile-tree.ts'
import { resolveLocally } from '../resolve.ts'
import { valueOf } from './structure-definition.ts'
import type { Run } from './validate-run.ts'

/** A step of a discriminator's path. @see FHIR R4 § Profiling, "Discriminator" */
export type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'extension'; readonly url: string }
  | { readonly kind: 'ofType'; readonly type: string }
  | { readonly kind: 'resolve' }

/** "a restricted FHIRPath": element names, `extension(url)`, `resolve()`, `ofType(type)`, `$this`. */
export function parseSteps(path: string, slice: ProfileElement): Step[] {
  const parts = path.match(/[^.('"]+(?:\((?:'[^']*'|"[^"]*"|[^)]*)\))?/g) ?? []
  if (parts.join('.') !== path) throw notUnderstood(slice)
  return parts.flatMap((part): Step[] => {
    if (part === '$this') return []
    if (part === 'resolve()') return [{ kind: 'resolve' }]
    const [, call, argument = ''] = /^(\w+)\(['"]?(.*?)['"]?\)$/.exec(part) ?? []
    if (call === 'extension') return [{ kind: 'extension', url: argument }]
    if (call === 'ofType') return [{ kind: 'ofType', type: argument }]
    if (/^[A-Za-z]\w*$/.test(part)) return [{ kind: 'name', name: part }]
    throw notUnderstood(slice)
  })
}

function notUnderstood(slice: ProfileElement): UnusableProfile {
  return new UnusableProfile(`${slice.id}: a discriminator path that is not understood`)
}

// ---------------------------------------------------------------------------------------------

/**
 * The elements of a resource at the end of a path.
 *
 * @returns undefined when a reference on the way leads to what is not here
 */
export function itemsAt(
  items: readonly Item[],
  steps: readonly Step[],
  run: Run,
): readonly Item[] | undefined {
  let found: readonly Item[] = items
  for (const step of steps) {
    const next: Item[] = []
    for (const item of found) {
      const reached = take(item, step, run)
      if (!reached) return undefined
      next.push(...reached)
    }
    found = next
  }
  return found
}

function take(item: Item, step: Step, run: Run): readonly Item[] | undefined {
  switch (step.kind) {
    case 'name':
      return itemsOf(item, step.name)
    case 'extension':
      return itemsOf(item, 'extension').filter(({ value }) => isObject(value) && value['url'] === step.url)
    case 'ofType':
      return isA(item.type, step.type) ? [item] : []
    case 'resolve':
      return resolved(item, run)
  }
}

function resolved(item: Item, run: Run): readonly Item[] | undefined {
  const target = resolveLocally(item.value, item, run.root)
  return target.kind === 'here' ? [rootItem(target.resource, item.path)] : undefined
}

/** The elements of the profile at the end of a path, those of nested slices and of types' profiles too. */
export function elementsAt(
  elements: readonly ProfileElement[],
  steps: readonly Step[],
  profiles: Profiles,
): readonly ProfileElement[] {
  return steps.reduce(
    (found, step) => found.flatMap((element) => elementsOf(element, step, profiles)),
    elements,
  )
}

function elementsOf(element: ProfileElement, step: Step, profiles: Profiles): readonly ProfileElement[] {
  switch (step.kind) {
    case 'name':
      return childrenOf(element, step.name, profiles).filter(isCertain)
    case 'extension':
      return childrenOf(element, 'extension', profiles).filter((extension) => urlOf(extension) === step.url)
    case 'ofType':
      return [element, ...element.slices.values()]
    case 'resolve':
      return rootsOf(element, 'targetProfile', profiles)
  }
}

/** An optional slice inside says nothing of an item that need not have it. */
function isCertain({ id, definition }: ProfileElement): boolean {
  return !id.slice(id.lastIndexOf('.') + 1).includes(':') || (definition.min ?? 0) > 0
}

function childrenOf(element: ProfileElement, name: string, profiles: Profiles): readonly ProfileElement[] {
  return [element, ...rootsOf(element, 'profile', profiles)].flatMap((owner) => {
    const child = owner.children.get(name)
    return child ? [child, ...child.slices.values()] : []
  })
}

function rootsOf(
  { definition }: ProfileElement,
  kind: 'profile' | 'targetProfile',
  profiles: Profiles,
): ProfileElement[] {
  const named = (definition.type ?? []).flatMap((type) => type[kind] ?? [])
  return named.length === 1 && named[0] !== undefined ? [profiles.tree(named[0]).root] : []
}

/** The url of an extension that a profile names: by its definition, else in place. */
export function urlOf(extension: ProfileElement): Json | undefined {
  const url = extension.children.get('url')
  return (url && valueOf(url.definition, 'fixed')) ?? extension.definition.type?.[0]?.profile?.[0]
}
