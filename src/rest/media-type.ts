import { FhirError } from '../fhir/outcome.ts'
import type { Parameter } from '../interactions/request.ts'

/** What every FHIR answer is sent as. */
export const fhirJson = 'application/fhir+json; charset=utf-8'

/** Names of JSON, as `_format` and `Accept` may spell it. @see FHIR R4 § RESTful API, "Content Types" */
const jsonNames: ReadonlySet<string> = new Set([
  ...['json', 'application/fhir+json', 'application/json', 'text/json'],
  ...['*/*', 'application/*'],
])

/**
 * Checks that the caller takes JSON. `_format` wins over `Accept`; a raw `+` in it arrived as a blank.
 *
 * @throws FhirError 406
 */
export function demandAcceptable(accept: string | undefined, parameters: readonly Parameter[]): void {
  const format = parameters.find(([name]) => name === '_format')?.[1]
  const wanted = (format ?? accept ?? '*/*').split(',')
  const isTaken = wanted.some((one) => {
    const [name = '', ...options] = one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    return jsonNames.has(name.replace(' ', '+')) && !options.includes('q=0') && isOurVersion(options)
  })
  if (!isTaken) throw FhirError.notSupported('JSON is the one format that this server speaks', 406)
}

/** `fhirVersion=4.0` is ours. */
function isOurVersion(options: readonly string[]): boolean {
  const version = options.find((option) => option.startsWith('fhirversion='))
  return version === undefined || /^fhirversion="?4\.0(\.1)?"?$/.test(version)
}

const bodyTypes: ReadonlySet<string> = new Set(['application/fhir+json', 'application/json'])

/** The media type of a Content-Type header, without its options. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/** @throws FhirError 415 when the body is not said to be JSON in UTF-8 */
export function demandJsonBody(contentType: string | undefined): void {
  const charset = /charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8'
  if (!bodyTypes.has(mediaType(contentType)) || charset !== 'utf-8') {
    throw FhirError.notSupported('Content-Type: application/fhir+json in UTF-8 expected', 415)
  }
}

export const formType = 'application/x-www-form-urlencoded'
