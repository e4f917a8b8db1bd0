import type { SearchParameter } from '../fhir/definitions.ts'
import { leavesOf } from '../fhir/search/criteria.ts'
import type { Query, SearchValue } from '../fhir/search/query.ts'
import { compositePlan } from '../resources/composites.ts'

/** The logical ids of patients that a query names, nested searches included. */
export function patientIdsIn(query: Query): string[] {
  return leavesOf(query).flatMap(({ type, criterion }) => {
    if (criterion.kind === 'value') {
      return criterion.values.flatMap((value) => patientIdOf(type, criterion.parameter, value) ?? [])
    }
    const plan = compositePlan(type, criterion.parameter)
    if (plan === undefined || plan.kind === 'parts') return []
    return criterion.values.flatMap((value) =>
      value.flatMap((part, at) => patientIdOf(type, plan.components[at], part) ?? []),
    )
  })
}

function patientIdOf(
  type: string,
  parameter: SearchParameter | undefined,
  value: SearchValue,
): string | undefined {
  if (parameter?.code === '_id') return type === 'Patient' && value.kind === 'token' ? value.code : undefined
  if (value.kind !== 'reference' || value.url !== undefined || !parameter) return undefined
  const mayBePatient = parameter.target.length === 0 || parameter.target.includes('Patient')
  return value.type === 'Patient' || (value.type === undefined && mayBePatient) ? value.id : undefined
}

/** What is asked, with patients by key. A bare id may be a patient's and another type's: both are asked. */
export function byKey(
  type: string,
  parameter: SearchParameter,
  value: SearchValue,
  keys: ReadonlyMap<string, string>,
): SearchValue[] {
  const id = patientIdOf(type, parameter, value)
  if (id === undefined) return [value]
  const key = keys.get(id) ?? nobody
  if (value.kind === 'token') return [{ ...value, code: key }]
  if (value.kind !== 'reference') return [value]
  return value.type === 'Patient' ? [{ ...value, id: key }] : [{ ...value, type: 'Patient', id: key }, value]
}

/** The key of no patient. */
const nobody = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
