import type { Item } from './element-item.ts'
import { isObject, type JsonObject, type Resource } from './json.ts'
import { parseReference } from './reference.ts'

/** Where a reference leads: to what was sent along, or elsewhere; then its URL may still tell the type. */
export type Target =
  | { readonly kind: 'here'; readonly resource: Resource }
  | { readonly kind: 'elsewhere'; readonly type: string | undefined }

/**
 * Follows a Reference, canonical, url or uri without asking anybody: to the container, a contained
 * resource, or an entry of the Bundle around it.
 *
 * @param root the resource under validation, which may be a Bundle
 * @see FHIR R4 § FHIRPath, "resolve()"; § Bundle, "Resolving references in Bundles"
 */
export function resolveLocally(reference: unknown, { container }: Item, root: Resource): Target {
  const elsewhere: Target = { kind: 'elsewhere', type: undefined }
  const text = isReference(reference) ? reference['reference'] : reference
  if (typeof text !== 'string') return elsewhere
  const parsed = parseReference(text)
  if (parsed.kind === 'contained') {
    const found = parsed.id === '' ? container : containedIn(container, parsed.id)
    return isResource(found) ? { kind: 'here', resource: found } : elsewhere
  }
  const entry = entryOf(root, text)
  if (isResource(entry)) return { kind: 'here', resource: entry }
  if (parsed.kind !== 'relative' && parsed.kind !== 'absolute') return elsewhere
  return { kind: 'elsewhere', type: parsed.type }
}

function containedIn(container: Resource, id: string): JsonObject | undefined {
  const all = container['contained']
  return Array.isArray(all) ? all.filter(isObject).find((one) => one['id'] === id) : undefined
}

const entriesByUrl = new WeakMap<Resource, ReadonlyMap<string, unknown>>()

/** An entry by its `fullUrl`, which a relative reference is the end of; where several are, the first. */
function entryOf(root: Resource, reference: string): unknown {
  if (root.resourceType !== 'Bundle' || !Array.isArray(root['entry'])) return undefined
  const known = entriesByUrl.get(root) ?? indexEntries(root['entry'].filter(isObject))
  entriesByUrl.set(root, known)
  return known.get(reference)
}

function indexEntries(entries: readonly JsonObject[]): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const { fullUrl, resource } of entries) {
    if (typeof fullUrl !== 'string') continue
    for (const url of [fullUrl, fullUrl.split('/').slice(-2).join('/')]) {
      if (!found.has(url)) found.set(url, resource)
    }
  }
  return found
}

function isReference(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && 'reference' in value
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && 'resourceType' in value
}
