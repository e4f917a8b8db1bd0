import type { IndexValue } from '../fhir/search/index-value.ts'
import { isObject, type Resource } from '../fhir/json.ts'
import { parseReference } from '../fhir/reference.ts'
import { encodeFragments, split, type ReferenceSplit } from '../identity/split.ts'
import type { BlindIndex, TextEntry } from '../identity/blind-index.ts'
import { referencesIn } from '../identity/references.ts'
import { nextSeal } from '../identity/seal-number.ts'
import type { SealedRow } from '../identity/vault.ts'
import type { BlindRow } from '../identity/vault-blind-rows.ts'
import { columnsFor } from '../resources/columns.ts'
import { nilPatient, type WritableRow } from '../store/row.ts'
import type { Folder } from '../store/search-terms.ts'
import { token, tokenText } from '../store/token.ts'
import { indexOf } from './index-row.ts'
import { keyOf } from './index-token.ts'

/** A resource as it comes to the gate: valid, with `id`, `meta.versionId` and `meta.lastUpdated` set. */
export interface AdmitInput {
  readonly resource: Resource
  readonly version: number
  readonly updatedAt: Date
  readonly method: 'POST' | 'PUT'
}

/** What one resource becomes: its clinical row, its two rows in the vault, and what searches are widened by. */
export interface Admitted {
  readonly row: WritableRow
  readonly sealed: SealedRow | undefined
  readonly blind: BlindRow
  readonly texts: readonly TextEntry[]
  /** UCUM codes of its quantities */
  readonly units: readonly string[]
  readonly folders: readonly Folder[]
}

/**
 * Lays one resource down: what identifies goes one way, the rest the other. Pure but for the number of
 * the sealed row.
 *
 * @param values what the search parameters find in it
 * @param patientKeys key by logical id, of every patient that the resource names
 */
export function layDown(
  input: AdmitInput,
  values: readonly IndexValue[],
  patientKeys: ReadonlyMap<string, string>,
  blindIndex: BlindIndex,
  base: string,
): Admitted {
  const { version, updatedAt, method } = input
  const type = input.resource.resourceType
  const id = internalId(input.resource, patientKeys)
  const [owner = nilPatient, ...others] = compartments(type, id, values, patientKeys)
  const { clear, fragments } = split({ ...input.resource, id }, byKey(patientKeys, base))
  const found = indexOf(type, id, values, patientKeys, blindIndex)
  // what the blind index has of a version goes by its seal, so there is one for it alone too
  const isSealed = fragments.length > 0 || found.blind.size > 0
  const seal = isSealed ? nextSeal(updatedAt.getTime()) : undefined
  const sealed =
    seal === undefined ? undefined : { patient: owner, seal, content: encodeFragments(fragments) }
  for (const other of others) found.tokens.add(token(tokenText.compartment(other)))
  const within = new Set([owner, ...others])
  for (const mentioned of mentionedPatients(input.resource, patientKeys, base)) {
    if (!within.has(mentioned)) found.tokens.add(token(tokenText.mention(mentioned)))
  }
  for (const inside of containedTypes(input.resource)) {
    found.tokens.add(token(tokenText.coding('_contained', undefined, inside)))
  }
  if (owner !== nilPatient && !isSubject(type, values)) found.tokens.add(token(tokenText.notSubject))
  const place = { type, id, patient: owner, seal: seal === undefined ? null : String(seal) }
  const row = {
    ...{ ...place, version, updatedAt, method },
    body: clear,
    date: found.date,
    quantity: found.quantity,
    tokens: [...found.tokens],
    ranges: found.ranges,
    foci: found.foci,
  }
  const blind = { ...place, tokens: inNoOrder(found.blind) }
  return { row, sealed, blind, texts: found.texts, units: [...found.units], folders: found.folders }
}

/** By number: the order of laying down would tell which field and which beginning a token stands for. */
function inNoOrder(tokens: ReadonlySet<bigint>): bigint[] {
  return [...tokens].sort((one, other) => (one < other ? -1 : 1))
}

/** Whether `patient` or `subject` names a Patient, where the type has a column for it: else some other parameter does. */
function isSubject(type: string, values: readonly IndexValue[]): boolean {
  const { owner } = columnsFor(type)
  return (
    owner.size === 0 ||
    values.some(
      (value) => value.kind === 'reference' && value.type === 'Patient' && owner.has(value.parameter),
    )
  )
}

function internalId(resource: Resource, patientKeys: ReadonlyMap<string, string>): string {
  const id = resource['id']
  if (typeof id !== 'string') throw new TypeError('a resource without an id cannot be laid down')
  return resource.resourceType === 'Patient' ? keyOf(id, patientKeys) : id
}

/** Keys of the patients in whose compartments a resource is, the owner first. */
export function compartments(
  type: string,
  id: string,
  values: readonly IndexValue[],
  patientKeys: ReadonlyMap<string, string>,
): string[] {
  if (type === 'Patient') return [id]
  const keys = columnsFor(type).compartment.flatMap((code) =>
    values.flatMap((value) =>
      value.kind === 'reference' &&
      value.parameter === code &&
      value.type === 'Patient' &&
      value.id !== undefined
        ? [keyOf(value.id, patientKeys)]
        : [],
    ),
  )
  return [...new Set(keys)]
}

/** A local reference stays; to a patient it goes by key. What is not local may say anything: sealed. */
function byKey(patientKeys: ReadonlyMap<string, string>, base: string): ReferenceSplit {
  return (text) => {
    const reference = parseReference(text, base)
    if (reference.kind === 'contained') return { clear: text, restored: true }
    const local = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
    if (!local || reference.type === undefined || reference.id === undefined) return undefined
    if (reference.type !== 'Patient') {
      const clear = `${reference.type}/${reference.id}`
      return reference.kind === 'relative' ? { clear: text, restored: true } : { clear, restored: false }
    }
    const clear = `Patient/${keyOf(reference.id, patientKeys)}`
    return { clear, restored: text === `Patient/${reference.id}` }
  }
}

/** Keys of the patients that the resource refers to, by any element. */
function mentionedPatients(
  resource: Resource,
  patientKeys: ReadonlyMap<string, string>,
  base: string,
): string[] {
  return referencesIn(resource).flatMap((text) => {
    if (!text.includes('Patient/')) return []
    const reference = parseReference(text, base)
    const isLocal = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
    return isLocal && reference.type === 'Patient' && reference.id !== undefined
      ? [keyOf(reference.id, patientKeys)]
      : []
  })
}

/** The types of the resources inside another one, for `_contained`. */
function containedTypes({ contained }: Resource): string[] {
  return (Array.isArray(contained) ? contained : []).flatMap((one) =>
    isObject(one) ? [String(one['resourceType'])] : [],
  )
}
