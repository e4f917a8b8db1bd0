import { isResourceType } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import { membersOf, textOf, type Found } from './found.ts'
import { urisOf } from './judge-text.ts'
import { unescape } from './split.ts'

/** Where a reference leads: to a resource of this server, or to a URL. */
export type Target = { readonly type: string; readonly id: string } | { readonly url: string }

/** `Patient/1`, whatever the version; undefined when it is nothing like it */
function localTarget(text: string): Target | undefined {
  const [, type = '', id] =
    /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(text) ?? []
  return id !== undefined && isResourceType(type) ? { type, id } : undefined
}

/** @param base the server's FHIR base: what is below it is local */
function target(text: string, base: string): Target | undefined {
  const local = localTarget(text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text)
  return local ?? (/^[a-z]+:/.test(text) ? { url: text } : undefined)
}

/** Where an element leads; contained resources, identifiers and words lead nowhere. */
export function targetsOf(found: Found, parameter: string, base: string): readonly Target[] {
  const { reference, resourceType, id } = membersOf(found.value)
  if (found.type === 'Reference') return [textOf(reference) ?? ''].flatMap((text) => target(text, base) ?? [])
  if (resourceType === undefined) return urisOf(canonical(found)).flatMap((uri) => target(uri, base) ?? [])
  const isLeading = isLeadingEntry(found.value as Resource, parameter)
  return isLeading && typeof id === 'string' ? [{ type: String(resourceType), id }] : []
}

/** `Bundle?message=` asks for the MessageHeader of a message; the entry of another Bundle is none. */
export function isLeadingEntry({ resourceType }: Resource, parameter: string): boolean {
  return resourceType === (parameter === 'message' ? 'MessageHeader' : 'Composition')
}

/** A uri that refers to a resource is read as a canonical. */
function canonical(found: Found): Found {
  return { ...found, type: 'canonical' }
}

/** @param type of the modifier, `subject:Patient` */
export function meetsReference(
  asked: string,
  targets: readonly Target[],
  type: string | undefined,
  base: string,
): boolean {
  const text = unescape(asked)
  if (/^[A-Za-z0-9.-]{1,64}$/.test(text)) {
    return targets.some((one) => 'id' in one && one.id === text && (type === undefined || one.type === type))
  }
  const wanted = target(text, base)
  return targets.some((one) => JSON.stringify(one) === JSON.stringify(wanted))
}
