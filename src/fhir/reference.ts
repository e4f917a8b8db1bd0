import { isResourceType } from './definitions.ts'

/** What the text of a reference says. */
export type ParsedReference =
  /** `Patient/1`, `Patient/1/_history/2` */
  | {
      readonly kind: 'relative'
      readonly type: string
      readonly id: string
      readonly version: string | undefined
    }
  /** `http://…`; `type` and `id` when it ends like a FHIR reference, `local` when it is under our base */
  | {
      readonly kind: 'absolute'
      readonly url: string
      readonly local: boolean
      readonly type: string | undefined
      readonly id: string | undefined
      readonly version: string | undefined
    }
  /** `#p1`; the id is `''` for the container itself, `#` */
  | { readonly kind: 'contained'; readonly id: string }
  /** `urn:uuid:…`, `urn:oid:…` */
  | { readonly kind: 'urn'; readonly url: string }
  /** a conditional reference `Patient?identifier=…`, or no reference at all */
  | { readonly kind: 'other' }

const idSyntax = /^[A-Za-z0-9\-.]{1,64}$/

/** Whether a text can be a logical id. @see FHIR R4 § Data Types, "id" */
export function isId(text: string): boolean {
  return idSyntax.test(text)
}

const other: ParsedReference = { kind: 'other' }
const restfulReference = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/
const absoluteUrl = /^https?:\/\/[^\s]+$/

/**
 * Reads the text of a `Reference.reference`, a canonical or a search value.
 *
 * @param base our FHIR base URL, without trailing slash; absolute URLs under it are `local`
 * @see FHIR R4 § References, "Literal References"
 */
export function parseReference(text: string, base?: string): ParsedReference {
  const relative = parseRestful(text)
  if (relative) return { kind: 'relative', ...relative }
  if (text.startsWith('#'))
    return text === '#' || isId(text.slice(1)) ? { kind: 'contained', id: text.slice(1) } : other
  if (/^urn:(uuid|oid):\S+$/.test(text)) return { kind: 'urn', url: text }
  if (!absoluteUrl.test(text)) return other
  const under =
    base !== undefined && text.startsWith(`${base}/`) ? parseRestful(text.slice(base.length + 1)) : undefined
  const anywhere = under ?? parseRestful(lastSegments(text))
  return {
    kind: 'absolute',
    url: text,
    local: under !== undefined,
    type: anywhere?.type,
    id: anywhere?.id,
    version: anywhere?.version,
  }
}

function parseRestful(text: string): { type: string; id: string; version: string | undefined } | undefined {
  const [, type, id, version] = restfulReference.exec(text) ?? []
  return type !== undefined && id !== undefined && isResourceType(type) ? { type, id, version } : undefined
}

/** `http://host/fhir/Patient/1/_history/2` → `Patient/1/_history/2` */
function lastSegments(url: string): string {
  const segments = url.split('/')
  return segments.slice(segments.at(-2) === '_history' ? -4 : -2).join('/')
}
