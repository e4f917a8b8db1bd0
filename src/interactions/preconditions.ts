import { FhirError } from '../fhir/outcome.ts'

/**
 * Reads `W/"3"` of `If-Match` or `If-None-Match`; `"3"` and a bare `3` are taken too, as clients send them.
 *
 * @param where the header or element, for the error
 * @throws FhirError 400 for anything else; lists and `*` name no version and are refused
 * @see FHIR R4 § RESTful API, "Managing Resource Contention"
 */
export function parseVersionTag(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined
  const [, quoted, bare] = /^(?:(?:W\/)?"(\d{1,9})"|(\d{1,9}))$/.exec(text.trim()) ?? []
  const version = quoted ?? bare
  if (version === undefined) throw FhirError.invalid(`${where}: one version tag, W/"n", expected`)
  return Number(version)
}

/**
 * The same for `If-None-Match`, where `*` means any version: read when it is new, write when there is none.
 *
 * @see RFC 9110 § 13.1.2
 */
export function parseNoneMatch(text: string | undefined, where: string): number | '*' | undefined {
  return text?.trim() === '*' ? '*' : parseVersionTag(text, where)
}

/** Reads the date of `If-Modified-Since`; an instant, as a Bundle's entry has it, is taken too. @throws FhirError 400 */
export function parseHttpDate(text: string | undefined, where: string): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw FhirError.invalid(`${where}: a date expected`)
  return date
}
