import type { DataDefinition } from '../access/access.ts'
import { releasableTypes } from '../deid/apply.ts'
import { isResourceType, searchParameters, typeDefinition } from '../fhir/definitions.ts'
import { indexedName } from '../fhir/search/matches.ts'
import { FhirError, issue, type Issue } from '../fhir/outcome.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import type { Query } from '../fhir/search/query.ts'
import { demandNoTerminology } from '../fhir/terminology/query.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { identifyingParameters } from './identifying.ts'
import type { ProposedData, Proposal } from './proposal.ts'

/** What a proposal asks for, read: its cohort as one search, its data as the gate takes them. */
export interface ReadProposal {
  /** on Patient; the criteria of all cohort searches, ANDed */
  readonly cohort: Query
  readonly data: readonly DataDefinition[]
}

/**
 * Reads the searches of a proposal and checks what no committee should have to.
 *
 * @param zone IANA name of the hospital's zone, for partial dates
 * @throws FhirError 422 with an issue for each fault, located in the proposal (`data[1].typeFilters[0]`):
 *   not a search on that type, a parameter that singles people out, anything but criteria, a type that has
 *   no de-identification rules or is named twice, an element that the type does not have
 */
export function readProposal(proposal: Proposal, zone: string): ReadProposal {
  const issues: Issue[] = []
  const cohort = proposal.cohort.flatMap((text, index) =>
    readSearch(text, 'Patient', zone, `cohort[${index}]`, issues),
  )
  const data = proposal.data.flatMap((one, index) => {
    const at = `data[${index}]`
    if (proposal.data.findIndex((other) => other.type === one.type) < index) {
      issues.push(issue('business-rule', 'this type is named twice', `${at}.type`))
    }
    return readData(one, proposal.period, zone, at, issues)
  })
  if (proposal.cohort.length === 0)
    issues.push(issue('required', 'a cohort takes a search on Patient', 'cohort'))
  if (proposal.data.length === 0) issues.push(issue('required', 'no data are asked for', 'data'))
  const [first] = cohort
  if (issues.length > 0 || !first) throw FhirError.unprocessable(issues)
  return { cohort: { ...first, criteria: cohort.flatMap((query) => query.criteria) }, data }
}

function readData(
  proposed: ProposedData,
  period: Proposal['period'],
  zone: string,
  at: string,
  issues: Issue[],
): DataDefinition[] {
  const { type } = proposed
  if (!isResourceType(type) || !releasableTypes.has(type)) {
    issues.push(issue('business-rule', 'no de-identification rules for this type', `${at}.type`))
    return []
  }
  const names = elementNames(type)
  proposed.elements?.forEach((element, index) => {
    if (!names.has(element)) {
      issues.push(issue('value', 'no such element in this type', `${at}.elements[${index}]`))
    }
  })
  const dates = clinicalDates(type)
  if (period !== undefined && dates === undefined) {
    issues.push(issue('business-rule', 'a period cannot be put on this type', `${at}.type`))
  }
  const written = proposed.typeFilters.flatMap((text, index) =>
    readSearch(text, type, zone, `${at}.typeFilters[${index}]`, issues),
  )
  if (!written.every(isPlain)) {
    const diagnostics = 'a filter asks for what is in the record itself: no chains, nothing that is sealed'
    issues.push(issue('business-rule', diagnostics, `${at}.typeFilters`))
  }
  return [
    {
      type,
      typeFilters: withinPeriod(type, written, dates ?? [], period, zone),
      elements: proposed.elements,
    },
  ]
}

/** On the research side filters are judged on clinical rows alone, without the vault and without other rows. */
function isPlain({ type, criteria }: Query): boolean {
  return criteria.every((one) => one.kind === 'value' && !isBlind(type, indexedName(one)))
}

/** Root elements, a choice by its base name or by its JSON names: `value` and `valueQuantity`. */
function elementNames(type: string): ReadonlySet<string> {
  const properties = [...typeDefinition(type).properties.values()]
  return new Set(properties.flatMap(({ name, choice }) => (choice === undefined ? [name] : [name, choice])))
}

/** `Type?name=value&…`, criteria only. */
function readSearch(text: string, type: string, zone: string, at: string, issues: Issue[]): Query[] {
  const [named, ...rest] = text.split('?')
  if (named !== type || rest.length > 1) {
    issues.push(issue('value', `a search on ${type} is expected, ${type}?name=value`, at))
    return []
  }
  try {
    const parameters = [...new URLSearchParams(rest[0] ?? '')]
    const { query } = parseQuery(type, parameters, { zone, handling: 'strict' })
    demandNoTerminology(query) // a permit says itself which codes it is about
    const refused = identifyingParameters(query)
    if (!hasCriteriaOnly(query))
      issues.push(issue('business-rule', 'criteria only: nothing that begins with _', at))
    issues.push(...[...new Set(refused)].map((code) => issue('business-rule', `${code}: ${singlesOut}`, at)))
    return [query]
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    issues.push(...error.issues.map((one) => issue(one.code, one.diagnostics, at)))
    return []
  }
}

const singlesOut =
  'may single a person out; of a Patient, dates are asked by whole years in ranges (ge1950), other records never by id'

function hasCriteriaOnly(query: Query): boolean {
  const { sort, include, revinclude, count, total, elements, summary } = query
  return (
    sort.length + include.length + revinclude.length === 0 &&
    [count, total, elements, summary].every((control) => control === undefined)
  )
}

/**
 * The parameters that date a record clinically; undefined: there is none, and a period cannot be kept.
 * Where there are several, any of them lets it in: a chronic condition belongs to the years in which it
 * was recorded as much as to that of its onset.
 */
function clinicalDates(type: string): readonly string[] | undefined {
  return clinicalDateParameters[type] ?? (searchParameters(type).has('date') ? ['date'] : undefined)
}

const clinicalDateParameters: Readonly<Record<string, readonly string[]>> = {
  // people and things belong to every period
  Patient: [],
  Medication: [],
  Device: [],
  Condition: ['onset-date', 'recorded-date'],
  ImagingStudy: ['started'],
  MedicationRequest: ['authoredon'],
  MedicationAdministration: ['effective-time'],
  ServiceRequest: ['authored'],
  Specimen: ['collected'],
}

/** Every filter, each with the period put on it by each of the type's clinical dates. */
function withinPeriod(
  type: string,
  written: readonly Query[],
  dates: readonly string[],
  period: Proposal['period'],
  zone: string,
): readonly Query[] {
  const bounds = [
    ...(period?.start === undefined ? [] : [`ge${period.start}`]),
    ...(period?.end === undefined ? [] : [`le${period.end}`]),
  ]
  if (bounds.length === 0 || dates.length === 0) return written
  const dated = dates.map((code) => {
    const parameters = bounds.map((bound) => [code, bound] as const)
    return parseQuery(type, parameters, { zone, handling: 'strict' }).query
  })
  if (written.length === 0) return dated
  return written.flatMap((query) =>
    dated.map((date) => ({ ...query, criteria: [...query.criteria, ...date.criteria] })),
  )
}
