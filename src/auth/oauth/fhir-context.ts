import { isResourceType } from '../../fhir/definitions.ts'

const relativeReference = /^([A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/
const mostItems = 50

/**
 * Whether this is a `fhirContext`: what there is beside patient and encounter, each item by a reference, a
 * canonical or an identifier.
 *
 * @see SMART App Launch 2.2 § fhirContext
 */
export function isFhirContext(value: unknown): boolean {
  return Array.isArray(value) && value.length <= mostItems && value.every(isItem)
}

function isItem(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { reference, canonical, identifier, type, role, ...others } = value as Record<string, unknown>
  if (Object.keys(others).length > 0) return false
  const names = [reference, canonical, identifier].filter((one) => one !== undefined)
  return (
    names.length > 0 &&
    (reference === undefined || isReference(reference, role)) &&
    (canonical === undefined || (typeof canonical === 'string' && URL.canParse(canonical))) &&
    (identifier === undefined || (typeof identifier === 'object' && identifier !== null)) &&
    (type === undefined || (typeof type === 'string' && isResourceType(type))) &&
    (role === undefined || (typeof role === 'string' && role.trim() !== ''))
  )
}

/** "Patient and Encounter … SHALL NOT be included … unless role is not launch" */
function isReference(reference: unknown, role: unknown): boolean {
  const [, type] = typeof reference === 'string' ? (relativeReference.exec(reference) ?? []) : []
  if (type === undefined || !isResourceType(type)) return false
  const isMain = type === 'Patient' || type === 'Encounter'
  return !isMain || (role !== undefined && role !== 'launch')
}
