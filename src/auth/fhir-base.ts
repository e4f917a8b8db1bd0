/** One FHIR base of this server, with its own discovery document, token endpoint and tokens. */
export interface FhirBase {
  /** `/fhir` or `/research/{permit}/fhir` */
  readonly path: string
  /** absolute; the audience of its tokens */
  readonly url: string
  /** set on a research base */
  readonly permit: string | undefined
  /** absolute; where its OAuth endpoints lie, `/auth` or `/auth/research/{permit}` */
  readonly authUrl: string
}

/**
 * The base that a path lies in: that of a FHIR request, `/research/{permit}/fhir/Patient/1?…`.
 *
 * @param publicUrl the server's, without a trailing slash
 * @returns undefined when the path is in no FHIR base
 */
export function fhirBase(publicUrl: string, path: string): FhirBase | undefined {
  const [found, permit] = /^\/(?:research\/([A-Za-z0-9_-]{1,64})\/)?fhir(?=[/?]|$)/.exec(path) ?? []
  return found === undefined ? undefined : baseOf(publicUrl, permit)
}

/** The care base, or the research base of a permit. */
export function baseOf(publicUrl: string, permit: string | undefined): FhirBase {
  const prefix = permit === undefined ? '' : `/research/${permit}`
  const path = `${prefix}/fhir`
  return { path, permit, url: publicUrl + path, authUrl: `${publicUrl}/auth${prefix}` }
}
