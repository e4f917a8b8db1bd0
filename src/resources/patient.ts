import { isObject, type Json, type JsonObject } from '../fhir/json.ts'
import type { Room } from './room.ts'

/**
 * Patient: the person. Of the birth date the year stays in clear, of the address the country and the
 * département: what a permit may release (PRIVACY C1, rule G) and cohorts are counted by.
 */
export const patient: Room = {
  type: 'Patient',
  mainDate: 'death-date',
  sealed: { birthDate: yearOf, address: coarseAddresses },
}

function yearOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 4) : undefined
}

/** Former addresses leave nothing: where somebody lived before singles out more than it tells. */
function coarseAddresses(value: unknown): JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined
  const coarse = (value as Json[]).flatMap((address) =>
    isObject(address) && address['use'] !== 'old' ? coarseAddress(address) : [],
  )
  return coarse.length > 0 ? coarse : undefined
}

function coarseAddress(address: JsonObject): JsonObject[] {
  const country = isoCountry(address['country'])
  const department = departmentOf(address['postalCode'], country)
  const coarse = { ...(country ? { country } : {}), ...(department ? { postalCode: department } : {}) }
  return Object.keys(coarse).length > 0 ? [coarse] : []
}

/** Only a code of two or three letters: a longer text is free text. */
function isoCountry(value: Json | undefined): string | undefined {
  return typeof value === 'string' && /^[A-Z]{2,3}$/.test(value) ? value : undefined
}

/** `35042` → `35`, `20190` → `20`, `97410` → `974`: French postal codes only. */
function departmentOf(value: Json | undefined, country: string | undefined): string | undefined {
  if (typeof value !== 'string' || !/^\d{5}$/.test(value)) return undefined
  if (country !== undefined && country !== 'FR' && country !== 'FRA') return undefined
  return value.startsWith('97') || value.startsWith('98') ? value.slice(0, 3) : value.slice(0, 2)
}
