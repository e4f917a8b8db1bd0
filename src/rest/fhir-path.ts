/** Whether a URL, or the pattern of a route, is in a FHIR base: `/fhir` or `/research/{permit}/fhir`. */
export function isFhirPath(url: string): boolean {
  return /^\/(research\/[^/]+\/)?fhir(?=[/?]|$)/.test(url)
}
