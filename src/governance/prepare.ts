import { restrict, type Access, type AllowedQuery } from '../access/access.ts'
import type { Criterion, Query, SearchValue, ValueCriterion } from '../fhir/query.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { BlindIndex } from '../identity/blind-index.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import {
  markPrepared,
  type PreparedCriterion,
  type PreparedQuery,
  type PreparedTarget,
} from '../store/prepared-query.ts'

/** The logical ids of patients that a query names, nested searches included. */
export function patientIdsIn({ type, criteria }: Query): string[] {
  return criteria.flatMap((criterion) => patientIdsOf(type, criterion))
}

function patientIdsOf(type: string, criterion: Criterion): string[] {
  switch (criterion.kind) {
    case 'chain':
      return patientIdsIn(criterion.target)
    case 'has':
      return patientIdsIn(criterion.source)
    case 'any':
    case 'all':
      return criterion.of.flatMap((one) => patientIdsOf(type, one))
    case 'not':
      return patientIdsOf(type, criterion.of)
    case 'composite':
      return []
    case 'value':
      return criterion.values.flatMap((value) => patientIdOf(type, criterion, value) ?? [])
  }
}

function patientIdOf(type: string, { parameter }: ValueCriterion, value: SearchValue): string | undefined {
  if (parameter.code === '_id') return type === 'Patient' && value.kind === 'token' ? value.code : undefined
  if (value.kind !== 'reference' || value.url !== undefined) return undefined
  const mayBePatient = parameter.target.length === 0 || parameter.target.includes('Patient')
  return value.type === 'Patient' || (value.type === undefined && mayBePatient) ? value.id : undefined
}

/**
 * Turns a query of the care base into one over rows: patients by key, sealed values by token, the
 * caller's rights on it and on every search nested in it.
 *
 * @param keys key by logical id; an id that is not there is nobody's and matches nothing
 */
export function prepareCare(
  query: AllowedQuery,
  keys: ReadonlyMap<string, string>,
  blind: BlindIndex,
): PreparedQuery {
  const preparation = { access: query.access, keys, blind }
  return markPrepared({ ...query, ...target(query, preparation) })
}

interface Preparation {
  readonly access: Access
  readonly keys: ReadonlyMap<string, string>
  readonly blind: BlindIndex
}

function target(query: AllowedQuery, preparation: Preparation): PreparedTarget {
  const all = (criteria: readonly Criterion[]) =>
    criteria.map((one) => prepared(query.type, one, preparation))
  return {
    type: query.type,
    criteria: all(query.criteria),
    patients: query.patients,
    permit: undefined,
    anyOf: query.anyOf.map((filter) => all(filter.criteria)),
  }
}

function prepared(type: string, criterion: Criterion, preparation: Preparation): PreparedCriterion {
  const { access, keys, blind } = preparation
  switch (criterion.kind) {
    case 'any':
    case 'all':
      return { kind: criterion.kind, of: criterion.of.map((one) => prepared(type, one, preparation)) }
    case 'not':
      return { kind: 'not', of: prepared(type, criterion.of, preparation) }
    case 'composite':
      throw FhirError.notSupported(`${criterion.parameter.code}: not searchable yet`)
    case 'chain':
      return { ...criterion, target: target(restrict(access, criterion.target), preparation) }
    case 'has':
      return { ...criterion, source: target(restrict(access, criterion.source), preparation) }
    case 'value':
      if (isBlind(type, indexedName(criterion)))
        return blind.criterion(type, indexedName(criterion), criterion)
      return {
        ...criterion,
        values: criterion.values.flatMap((value) => byKey(type, criterion, value, keys)),
      }
  }
}

/** `subject:identifier=…` asks for what extraction files under that name. */
function indexedName({ parameter, modifier }: ValueCriterion): string {
  return modifier === 'identifier' ? `${parameter.code}:identifier` : parameter.code
}

/** A bare id may be a patient's and another type's: both are asked. */
function byKey(
  type: string,
  criterion: ValueCriterion,
  value: SearchValue,
  keys: ReadonlyMap<string, string>,
): SearchValue[] {
  const id = patientIdOf(type, criterion, value)
  if (id === undefined) return [value]
  const key = keys.get(id) ?? nobody
  if (value.kind === 'token') return [{ ...value, code: key }]
  if (value.kind !== 'reference' || value.type === 'Patient') return [{ ...value, id: key } as SearchValue]
  return [{ ...value, type: 'Patient', id: key }, value]
}

/** The key of no patient. */
const nobody = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
