import { types } from '../fhir/definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../fhir/json.ts'

/** What a link leads to, as a transaction rewrites it; undefined: leave it as it is. */
export type Rewrite = (link: string, kind: 'reference' | 'uri') => string | undefined

/**
 * Rewrites every link of a resource: `Reference.reference`, and elements of type uri, url, canonical,
 * oid and uuid, wherever they are, contained resources included. Narrative is left alone.
 *
 * @returns a new resource; the one given is not changed
 * @see FHIR R4 § RESTful API, 3.1.0.11.2 "Transaction Processing Rules"
 */
export function rewriteLinks(resource: Resource, rewrite: Rewrite): Resource {
  return walk(resource, resource.resourceType, rewrite) as Resource
}

const linkTypes: ReadonlySet<string> = new Set(['uri', 'url', 'canonical', 'oid', 'uuid'])

function walk(value: Json, type: string, rewrite: Rewrite): Json {
  if (Array.isArray(value)) return value.map((item) => walk(item, type, rewrite))
  if (!isObject(value)) return value
  const ownType = typeof value['resourceType'] === 'string' ? value['resourceType'] : type
  const properties = types.get(ownType)?.properties
  if (!properties) return value
  const copy: JsonObject = {}
  for (const [name, member] of Object.entries(value)) {
    const property = properties.get(name)
    if (property === undefined) copy[name] = name.startsWith('_') ? walk(member, 'Element', rewrite) : member
    else if (ownType === 'Reference' && name === 'reference') copy[name] = link(member, 'reference', rewrite)
    else if (linkTypes.has(property.type)) copy[name] = link(member, 'uri', rewrite)
    else if (property.primitive) copy[name] = member
    else copy[name] = walk(member, property.type, rewrite)
  }
  return copy
}

function link(value: Json, kind: 'reference' | 'uri', rewrite: Rewrite): Json {
  if (Array.isArray(value)) return value.map((item) => link(item, kind, rewrite))
  return typeof value === 'string' ? (rewrite(value, kind) ?? value) : value
}

/** Every `Reference.reference` of a resource, in its order. */
export function referencesOf(resource: Resource): string[] {
  const found: string[] = []
  rewriteLinks(resource, (reference, kind) => {
    if (kind === 'reference') found.push(reference)
    return undefined
  })
  return found
}
