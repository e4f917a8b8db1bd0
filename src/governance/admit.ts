import type { IndexValue } from '../fhir/index-value.ts'
import type { Resource } from '../fhir/json.ts'
import { parseReference } from '../fhir/reference.ts'
import { encodeFragments, split, type ReferenceSplit } from '../identity/split.ts'
import type { BlindIndex } from '../identity/blind-index.ts'
import { nextSeal, type BlindRow, type SealedRow } from '../identity/vault.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { columnsFor } from '../resources/columns.ts'
import { nilPatient, type Interval, type Range, type WritableRow } from '../store/row.ts'
import { token, tokenText } from '../store/token.ts'

/** A resource as it comes to the gate: valid, with `id`, `meta.versionId` and `meta.lastUpdated` set. */
export interface AdmitInput {
  readonly resource: Resource
  readonly version: number
  readonly updatedAt: Date
  readonly method: 'POST' | 'PUT'
}

/** What one resource becomes: its clinical row, and its two rows in the vault. */
export interface Admitted {
  readonly row: WritableRow
  readonly sealed: SealedRow | undefined
  readonly blind: BlindRow
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
  const seal = fragments.length > 0 ? nextSeal(updatedAt.getTime()) : undefined
  const sealed =
    seal === undefined ? undefined : { patient: owner, seal, content: encodeFragments(fragments) }
  const found = indexOf(type, values, patientKeys, blindIndex)
  for (const other of others) found.tokens.add(token(tokenText.compartment(other)))
  const row = {
    ...{ type, id, patient: owner, version, updatedAt, method },
    seal: seal === undefined ? null : String(seal),
    body: clear,
    date: found.date,
    quantity: found.quantity,
    tokens: [...found.tokens],
    ranges: found.ranges,
  }
  return { row, sealed, blind: { type, id, patient: owner, tokens: [...found.blind] } }
}

function internalId(resource: Resource, patientKeys: ReadonlyMap<string, string>): string {
  const id = resource['id']
  if (typeof id !== 'string') throw new TypeError('a resource without an id cannot be laid down')
  return resource.resourceType === 'Patient' ? keyOf(id, patientKeys) : id
}

function keyOf(id: string, patientKeys: ReadonlyMap<string, string>): string {
  const key = patientKeys.get(id)
  if (key === undefined) throw new TypeError('a patient without a key')
  return key
}

/** Keys of the patients in whose compartments the resource is, the owner first. */
function compartments(
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

interface Found {
  readonly tokens: Set<bigint>
  readonly blind: Set<bigint>
  readonly ranges: Range[]
  date: Interval | undefined
  quantity: Interval | undefined
}

function indexOf(
  type: string,
  values: readonly IndexValue[],
  patientKeys: ReadonlyMap<string, string>,
  blindIndex: BlindIndex,
): Found {
  const found: Found = {
    tokens: new Set(),
    blind: new Set(),
    ranges: [],
    date: undefined,
    quantity: undefined,
  }
  for (const value of values) {
    if (value.parameter === '_id' || value.parameter === '_lastUpdated') continue
    if (isBlind(type, value.parameter)) {
      for (const hidden of blindIndex.tokens(type, value)) found.blind.add(hidden)
    } else {
      indexClear(type, value, patientKeys, found)
    }
  }
  return found
}

function indexClear(
  type: string,
  value: IndexValue,
  patientKeys: ReadonlyMap<string, string>,
  found: Found,
): void {
  const columns = columnsFor(type)
  const add = (text: string) => found.tokens.add(token(text))
  const { parameter } = value
  switch (value.kind) {
    case 'token':
      add(tokenText.present(parameter))
      for (const text of codingTexts(parameter, value.system, value.code)) add(text)
      break
    case 'reference':
      if (value.type === 'Patient' && columns.owner.has(parameter)) break
      add(tokenText.present(parameter))
      // a Reference without a literal reference is there, and leads nowhere
      if (value.id !== undefined || value.url !== undefined) add(referenceText(value, patientKeys))
      break
    case 'uri':
      add(tokenText.present(parameter))
      add(tokenText.url(parameter, value.uri))
      break
    case 'date':
      if (parameter === columns.date) found.date = hull(found.date, value)
      else found.ranges.push({ parameter, low: value.low, high: value.high, units: undefined })
      break
    case 'number':
      found.ranges.push({ parameter, low: value.low, high: value.high, units: undefined })
      break
    case 'quantity': {
      const units = unitTexts(value).map(token)
      if (parameter !== columns.quantity)
        found.ranges.push({ parameter, low: value.low, high: value.high, units })
      else {
        found.quantity = hull(found.quantity, value)
        for (const unit of units) found.tokens.add(unit)
      }
      break
    }
    case 'string':
      throw new TypeError('a string is never indexed in clear')
  }
}

function codingTexts(parameter: string, system: string | undefined, code: string | undefined): string[] {
  return [
    ...(code === undefined
      ? []
      : [tokenText.coding(parameter, undefined, code), tokenText.coding(parameter, system ?? '', code)]),
    ...(system ? [tokenText.coding(parameter, system, undefined)] : []),
  ]
}

function referenceText(
  value: Extract<IndexValue, { kind: 'reference' }>,
  patientKeys: ReadonlyMap<string, string>,
): string {
  if (value.type === undefined || value.id === undefined)
    return tokenText.url(value.parameter, value.url ?? '')
  const id = value.type === 'Patient' ? keyOf(value.id, patientKeys) : value.id
  return tokenText.reference(value.parameter, value.type, id)
}

function unitTexts({ system, code, unit }: Extract<IndexValue, { kind: 'quantity' }>): string[] {
  return [
    ...(code === undefined ? [] : [tokenText.unit(undefined, code)]),
    ...(code === undefined || system === undefined ? [] : [tokenText.unit(system, code)]),
    ...(unit === undefined || unit === code ? [] : [tokenText.unit(undefined, unit)]),
  ]
}

/** The main date of a resource with several is the time from the first to the last. */
function hull(known: Interval | undefined, { low, high }: Interval): Interval {
  return known ? { low: Math.min(known.low, low), high: Math.max(known.high, high) } : { low, high }
}
