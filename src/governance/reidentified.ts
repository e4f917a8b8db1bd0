import { isObject, type Json, type Resource } from '../fhir/json.ts'
import type { AlertKind } from './reidentification-entities.ts'
import type { Ground } from './reidentification-state.ts'

/**
 * What a ground needs of a Patient, by FHIR's element names. To see to somebody's rights they must be
 * told from others; to speak to them they must be reached.
 */
const shownFor: Readonly<Record<Ground, readonly string[]>> = {
  'rights-of-the-person': ['identifier', 'name', 'birthDate'],
  'legal-order': ['identifier', 'name', 'birthDate'],
  'benefit-to-the-person': ['identifier', 'name', 'birthDate', 'telecom'],
  recontact: ['identifier', 'name', 'birthDate', 'telecom', 'address'],
}

/** The patient as care knows them, as far as the ground goes: `id` and the elements above. */
export function identityFor(ground: Ground, patient: Resource): Readonly<Record<string, Json>> {
  const shown = ['id', ...shownFor[ground]]
  return Object.fromEntries(Object.entries(patient).filter(([element]) => shown.includes(element)))
}

const actCodes = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'

/** Labels of a Patient that the privacy desk is to be told of: staff, known faces, restricted records. */
const labels: readonly {
  readonly system: string
  readonly codes: readonly string[]
  readonly kind: AlertKind
}[] = [
  { system: actCodes, codes: ['EMP'], kind: 'staff-as-patient' },
  { system: actCodes, codes: ['CEL', 'VIP'], kind: 'restricted-patient' },
  { system: confidentiality, codes: ['R', 'V'], kind: 'restricted-patient' },
]

/**
 * The alerts that a patient's own record asks for.
 *
 * @see FHIR R4 § Security Labels; v3-ActCode, information sensitivity
 */
export function alertsFor({ meta }: Resource): ReadonlySet<AlertKind> {
  const security = isObject(meta) && Array.isArray(meta['security']) ? meta['security'] : []
  const kinds = labels.filter(({ system, codes }) =>
    security.some(
      (label) => isObject(label) && label['system'] === system && codes.includes(String(label['code'])),
    ),
  )
  return new Set(kinds.map(({ kind }) => kind))
}
