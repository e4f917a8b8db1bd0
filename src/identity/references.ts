import type { Json } from '../fhir/json.ts'

/** Every text of a `Reference.reference` in a resource, wherever it stands. */
export function referencesIn(value: Json, found: string[] = []): string[] {
  if (Array.isArray(value)) {
    for (const item of value) referencesIn(item, found)
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, Json>
    for (const name in object) {
      const member = object[name]
      if (name === 'reference' && typeof member === 'string') found.push(member)
      else if (typeof member === 'object') referencesIn(member, found)
    }
  }
  return found
}

const patientReference = /Patient\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?=["/])/g

/** Keys of the patients that a clinical text refers to. */
export function patientKeysIn(text: string): string[] {
  return Array.from(text.matchAll(patientReference), (match) => match[1] ?? '')
}

/** Puts the ids that clients know back in the place of keys. */
export function renamePatients(text: string, ids: ReadonlyMap<string, string>): string {
  return ids.size === 0
    ? text
    : text.replace(patientReference, (whole, key: string) => {
        const id = ids.get(key)
        return id === undefined ? whole : `Patient/${id}`
      })
}
