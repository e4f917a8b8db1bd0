import { FhirError } from '../fhir/outcome.ts'

/** Of a form: the parameters of a search by POST. */
export const formType = 'application/x-www-form-urlencoded'

/** The two forms of a resource that this server speaks. @see FHIR R4 § RESTful API, "Content Types" */
export type Kind = 'json' | 'xml'

const bodyTypes: ReadonlyMap<string, Kind> = new Map([
  ['application/fhir+json', 'json'],
  ['application/json', 'json'],
  ['application/fhir+xml', 'xml'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
])

/** The media type of a Content-Type header, without its options. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/**
 * In which form a body is that is said to be a resource.
 *
 * @throws FhirError 415 when it is not said to be JSON or XML, in UTF-8
 */
export function bodyKind(contentType: string | undefined): Kind {
  const kind = bodyTypes.get(mediaType(contentType))
  const charset = /charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8'
  if (kind === undefined || charset !== 'utf-8' || !isOurVersion(contentType)) {
    throw FhirError.notSupported(
      'Content-Type: application/fhir+json or application/fhir+xml in UTF-8 expected',
      415,
    )
  }
  return kind
}

/** `fhirVersion=4.0`, or nothing said: a resource of another version would be read as what it is not. */
function isOurVersion(contentType: string | undefined): boolean {
  const version = /;\s*fhirversion="?([^";\s]*)/i.exec(contentType ?? '')?.[1]
  return version === undefined || version === '4.0' || version === '4.0.1'
}

/** @throws FhirError 415 when the body is not said to be JSON in UTF-8 */
export function demandJsonBody(contentType: string | undefined): void {
  if (bodyKind(contentType) !== 'json') {
    throw FhirError.notSupported('Content-Type: application/fhir+json in UTF-8 expected', 415)
  }
}
