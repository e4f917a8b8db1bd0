import { open, seal, type Keyring } from '../identity/keyring.ts'
import { FhirError } from '../fhir/outcome.ts'

/** The seal of page links. A link holds its query and its cursor as one token that only we can read. */
export interface PageSeal {
  /** @param base goes into the seal: a link of one base does not open on another */
  seal(page: Page, base: string): string
  /** @throws FhirError 400 when the token is not one of ours, or of another base */
  open(token: string, base: string): Page
}

/** Where a search or history goes on. */
export interface Page {
  /** the path it belongs to: `Patient`, `Patient/123/_history` */
  readonly path: string
  /** the parameters of the first page, as they were sent */
  readonly parameters: readonly (readonly [string, string])[]
  /** the store's cursor, opaque here */
  readonly cursor: readonly (string | number | null)[]
  readonly lenient: boolean
}

/** The one parameter of a page link. */
export const pageParameter = '_page'

/**
 * Page links are sealed (AES-256-GCM) because a URL is what proxies and browsers keep: the search
 * values in it, and the row it stopped at, are nobody's to read or to change.
 */
export function pageSeal(keyring: Keyring): PageSeal {
  const key = keyring.derive('paging')
  return {
    seal: (page, base) => seal(key, JSON.stringify(page), context(base)).toString('base64url'),
    open(token, base) {
      try {
        return JSON.parse(open(key, Buffer.from(token, 'base64url'), context(base)).toString()) as Page
      } catch {
        throw FhirError.invalid(`${pageParameter}: not a page link of this base`)
      }
    },
  }
}

function context(base: string): string {
  return `page ${base}`
}
