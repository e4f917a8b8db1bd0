import { isObject, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { parseReference } from '../../fhir/reference.ts'

/** A Reference to a Patient, in a resource. */
export interface Place {
  /** of the Reference: `performer[1]`, `contained[0].subject` */
  readonly path: string
  /** the same without indexes, after a dot, which tells the two forms apart: `.performer` */
  readonly element: string
}

/**
 * Where a resource refers to a Patient, contained resources and extensions included. A reference to one of
 * the Patient's versions is not among them: that version is the Patient's for ever.
 *
 * @param id as the client knows it
 * @param base our FHIR base: absolute references under it are local
 */
export function placesOf(resource: Resource, id: string, base: string): Place[] {
  const places: Place[] = []
  redirect(resource, { from: id, to: id, base }, (place) => places.push(place) > 0)
  return places
}

/**
 * Makes references lead to another Patient. Each keeps its form: what was absolute stays so.
 *
 * @param chosen which of the references to `from` do so
 * @returns a new resource; the one given is not changed
 */
export function redirect(
  resource: Resource,
  { from, to, base }: { readonly from: string; readonly to: string; readonly base: string },
  chosen: (place: Place) => boolean,
): Resource {
  const walk = (value: Json, path: string, element: string): Json => {
    if (Array.isArray(value)) return value.map((item, n) => walk(item, `${path}[${n}]`, element))
    if (!isObject(value)) return value
    const copy: JsonObject = {}
    for (const [name, member] of Object.entries(value)) {
      if (name === 'reference' && typeof member === 'string') {
        const isMeant = leadsTo(member, from, base) && chosen({ path, element })
        copy[name] = isMeant ? `${member.slice(0, -from.length)}${to}` : member
      } else {
        copy[name] = walk(member, path === '' ? name : `${path}.${name}`, `${element}.${name}`)
      }
    }
    return copy
  }
  return walk(resource, '', '') as Resource
}

/** Whether a reference is to a Patient of ours, and to no version of it. */
export function leadsTo(reference: string, id: string, base: string): boolean {
  const parsed = parseReference(reference, base)
  const isLocal = parsed.kind === 'relative' || (parsed.kind === 'absolute' && parsed.local)
  return isLocal && parsed.type === 'Patient' && parsed.id === id && parsed.version === undefined
}

/**
 * Moves what refers to the source to the target.
 *
 * @returns `paths`: what `putBack` needs. An element whose references were none of them to the target is
 *   noted as a whole, so that its references are known again wherever an edit moves them; else each by its
 *   index. `[]`: the resource does not refer to the source
 */
export function moveOver(
  resource: Resource,
  { source, target, base }: { readonly source: string; readonly target: string; readonly base: string },
): { readonly resource: Resource; readonly paths: readonly string[] } {
  const before = new Set(placesOf(resource, target, base).map(({ element }) => element))
  const paths = new Set<string>()
  const moved = redirect(resource, { from: source, to: target, base }, ({ path, element }) => {
    paths.add(before.has(element) ? path : element)
    return true
  })
  return { resource: moved, paths: [...paths] }
}

/**
 * The way back. What was edited since and leads elsewhere stays so; what refers to the target by an
 * element that did not refer to the source stays with the target.
 */
export function putBack(
  resource: Resource,
  { source, target, base }: { readonly source: string; readonly target: string; readonly base: string },
  paths: readonly string[],
): Resource {
  const noted = new Set(paths)
  return redirect(
    resource,
    { from: target, to: source, base },
    ({ path, element }) => noted.has(path) || noted.has(element),
  )
}
