import { equalJson } from '../fhir/json-equal.ts'
import { isObject, type Json, type Resource } from '../fhir/json.ts'
import type { Released } from '../governance/gate.ts'
import { resourceOf } from './released.ts'
import type { Write } from './write.ts'

/**
 * Marks a `Patient.link` that the server has put there, and says on what ground. What a client sends of
 * such links is not looked at: those that are there stay (docs/decisions/0035).
 */
export const linkGround = 'https://coffre.dev/fhir/StructureDefinition/patient-link-ground'

/** `ins`: both have the same national identity; `steward`: a person has decided so. */
export type LinkGround = 'ins' | 'steward'

/** A link to another Patient who is the same person. @param id as clients know it */
export interface ServerLink {
  readonly id: string
  readonly ground: LinkGround
}

/** A Patient with these links of the server and no other ones of it; the client's links stay. */
export function withServerLinks(patient: Resource, links: readonly ServerLink[]): Resource {
  return withLinks(patient, withWanted(linksOf(patient), links.map(linkOf)))
}

/**
 * What a client writes, with the links that the server has put into the version that is there.
 *
 * @param current that version; undefined: there is none
 */
export function keepServerLinks(written: Resource, current: Resource | undefined): Resource {
  const kept = current ? linksOf(current).filter(isServerLink) : []
  const links = linksOf(written)
  return kept.length === 0 && !links.some(isServerLink)
    ? written
    : withLinks(written, withWanted(links, kept))
}

/** A write with the server's links as they are: a client's Patient does not change them. */
export function withLinksKept<W extends Pick<Write, 'type' | 'resource' | 'isRewritten'>>(
  write: W,
  before: Released | undefined,
): W {
  if (write.type !== 'Patient' || write.isRewritten) return write
  return { ...write, resource: keepServerLinks(write.resource, before && resourceOf(before)) }
}

/** Links with all that are wanted of the server, each once and where it stands; what is missing comes last. */
function withWanted(links: readonly Json[], wanted: readonly Json[]): Json[] {
  const missing = [...wanted]
  const stay = links.filter((link) => {
    if (!isServerLink(link)) return true
    const at = missing.findIndex((one) => equalJson(one, link))
    if (at >= 0) missing.splice(at, 1)
    return at >= 0
  })
  return [...stay, ...missing]
}

function withLinks(patient: Resource, links: readonly Json[]): Resource {
  if (links.length > 0) return { ...patient, link: [...links] }
  const { link: _, ...rest } = patient
  return rest
}

function linkOf({ id, ground }: ServerLink): Json {
  return {
    extension: [{ url: linkGround, valueCode: ground }],
    ...{ other: { reference: `Patient/${id}` }, type: 'seealso' },
  }
}

function isServerLink(link: Json): boolean {
  const extensions = isObject(link) && Array.isArray(link['extension']) ? link['extension'] : []
  return extensions.some((one) => isObject(one) && one['url'] === linkGround)
}

function linksOf({ link }: Resource): readonly Json[] {
  return Array.isArray(link) ? link : []
}
