import { open, seal, type Keyring } from '../identity/keyring.ts'
import { FhirError } from '../fhir/outcome.ts'

/** The seal of page links. A link holds its query and its cursor as one token that only we can read. */
export interface PageSeal {
  /** @param holder goes into the seal: a link opens for him alone */
  seal(page: Page, holder: string): string
  /** @throws FhirError 400 when the token is not one of ours, or of another holder */
  open(token: string, holder: string): Page
}

type Cursor = readonly (string | number | null)[]

/** Where a search or history goes on. */
export interface Page {
  /** the path it belongs to: `Patient`, `Patient/123/_history` */
  readonly path: string
  /** the parameters of the first page, as they were sent */
  readonly parameters: readonly (readonly [string, string])[]
  /** `_format` and `_pretty` of this request, which its links repeat in the open */
  readonly form: readonly (readonly [string, string])[]
  /** the store's cursor, opaque here */
  readonly cursor: Cursor
  /** the cursors of the pages before this one, the nearest last */
  readonly trail: readonly Cursor[]
  readonly lenient: boolean
  /** when the link was given, in ms since the epoch */
  readonly issuedAt: number
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
    seal: (page, holder) => seal(key, JSON.stringify(page), context(holder)).toString('base64url'),
    open(token, holder) {
      try {
        return JSON.parse(open(key, Buffer.from(token, 'base64url'), context(holder)).toString()) as Page
      } catch {
        throw FhirError.invalid(`${pageParameter}: not a page link of this client on this base`)
      }
    },
  }
}

function context(holder: string): string {
  return `page ${holder}`
}
