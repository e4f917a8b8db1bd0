import type { SearchParameter } from '../fhir/definitions.ts'
import { leavesOf } from '../fhir/search/criteria.ts'
import type { Query, SearchValue, ValueCriterion } from '../fhir/search/query.ts'

/**
 * Criteria that could single a person out and so have no place in a request for data: whoever chooses a
 * cohort by a name, a number or a birthday knows who is in it. Chains and `_has` are followed to the end.
 *
 * @returns the names of the parameters that are refused, as written after the last `.` or `:`; never values
 */
export function identifyingParameters(query: Query): readonly string[] {
  return leavesOf(query)
    .filter(({ type, criterion }) => criterion.kind === 'composite' || isIdentifying(type, criterion))
    .map(({ criterion }) => criterion.parameter.code)
}

function isIdentifying(type: string, { parameter, modifier, values }: ValueCriterion): boolean {
  if (modifier === 'text' || modifier === 'identifier') return true // words that someone typed, and numbers
  if (parameter.code.startsWith('_')) return true // _id names one record; _source, _tag and _security its handling
  switch (parameter.type) {
    case 'string': // names, addresses, words that someone typed
    case 'uri':
    case 'special':
    case 'composite': // not before its parts are judged one by one
      return true
    case 'reference': // to name a record is to choose it by hand; whether there is one may be asked
      return values.some((value) => value.kind !== 'missing')
    case 'date':
      return people.has(type) && !values.every(isYearRange)
    default:
      return reachesIdentity(parameter)
  }
}

const people: ReadonlySet<string> = new Set(['Patient', 'Person', 'RelatedPerson', 'Practitioner'])

/** Identifiers, numbers, UIDs, telephones: elements that stand for one person, one visit or one device. */
const identityElement =
  /identifier|telecom|\buid\b|udi|serial|lotnumber|accession|requisition|address|\bname\b/i

function reachesIdentity({ expression }: SearchParameter): boolean {
  return expression === undefined || identityElement.test(expression)
}

const rangePrefixes: ReadonlySet<string> = new Set(['ge', 'gt', 'le', 'lt', 'sa', 'eb'])
const shortestYearMs = 365 * 86_400_000 - 3_600_000 // clocks may have gone forward and not back within it

/** `ge1950`: a day, even as one end of a range, meets with the other end on one birthday. */
function isYearRange(value: SearchValue): boolean {
  if (value.kind === 'missing') return true
  return value.kind === 'date' && rangePrefixes.has(value.prefix) && value.high - value.low >= shortestYearMs
}
