import { isObject, type Json, type Resource } from '../fhir/json.ts'
import type { KnownBy } from '../identity/vault-suppression.ts'

/** What a resource says about the use of its patient's data in research; undefined: nothing. */
export type Said = 'opposes' | 'lifts' | undefined

const consentScopes = 'http://terminology.hl7.org/CodeSystem/consentscope'
const actCodes = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

/**
 * Reads a Consent. `research` denied at its root opposes, however much narrower its provision is meant:
 * what cannot be kept to exactly is kept to in full. A Consent of that scope that is no longer active, or
 * that permits, lifts what an earlier version of it said.
 *
 * @see FHIR R4 § Consent; docs/spec-readings.md
 */
export function saidByConsent(consent: Resource): Said {
  if (!hasCoding(consent['scope'], consentScopes, 'research')) return undefined
  const provision = consent['provision']
  const denies = isObject(provision) && provision['type'] === 'deny'
  return consent['status'] === 'active' && denies ? 'opposes' : 'lifts'
}

/** A Patient tagged NOLIST opposes. Its absence says nothing: a client may not know the tag. */
export function saidByPatient({ meta }: Resource): Said {
  const security = isObject(meta) && Array.isArray(meta['security']) ? meta['security'] : []
  return security.some((coding) => isCoding(coding, actCodes, 'NOLIST')) ? 'opposes' : undefined
}

/** What a Patient can be known again by. An identifier without a value, or an old one, tells as much as it can. */
export function knownBy(patient: Resource): KnownBy {
  const identifiers = Array.isArray(patient['identifier']) ? patient['identifier'] : []
  return {
    id: String(patient['id']),
    identifiers: identifiers.flatMap((one) => {
      if (!isObject(one) || typeof one['value'] !== 'string') return []
      return [{ system: typeof one['system'] === 'string' ? one['system'] : '', value: one['value'] }]
    }),
  }
}

function hasCoding(concept: Json | undefined, system: string, code: string): boolean {
  const codings = isObject(concept) && Array.isArray(concept['coding']) ? concept['coding'] : []
  return codings.some((coding) => isCoding(coding, system, code))
}

function isCoding(coding: Json, system: string, code: string): boolean {
  return isObject(coding) && coding['system'] === system && coding['code'] === code
}
