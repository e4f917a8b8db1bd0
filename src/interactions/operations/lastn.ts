import { demand, restrict } from '../../access/access.ts'
import { isObject, parseJson, type JsonObject, type Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { parseQuery } from '../../fhir/search/parse-query.ts'
import { searchParameter } from '../../fhir/search/parse-criterion.ts'
import type { Criterion, Query } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { StoredRow } from '../../store/row.ts'
import { search, type Cursor } from '../../store/search.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import { bundleText } from '../bundle-text.ts'
import { parseOptions, type Context } from '../context.ts'
import { resolveHierarchies } from '../hierarchy.ts'
import { resourceOf, seen } from '../released.ts'
import { resolveTerminology } from '../terminology.ts'
import type { Operation, OperationCall } from './operation.ts'
import { textOf } from './parameters.ts'

/**
 * The last Observations of each code that a patient has.
 *
 * Codes are one when they share a coding, over any number of steps; a code of text alone is its text.
 * Of equal times all are returned.
 *
 * @see https://hl7.org/fhir/R4/operation-observation-lastn.html
 */
export const lastn: Operation = {
  name: 'lastn',
  definition: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
  levels: ['type'],
  types: ['Observation'],
  affectsState: false,
  perform: lastObservations,
}

/** Of one search; a patient has some ten thousand in a long life of care. */
const mostObservations = 100_000
const rowsAtOnce = 1_000

async function lastObservations(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demand(context.access, 'Observation', 's')
  const max = readMax(textOf(call.parameters, 'max'))
  const query = await readQuery(tx, context, call)
  const groups = groupsOf(await observations(tx, context, query))
  const rows = groups.flatMap((group) => lastOf(group, max)).sort((left, right) => left.place - right.place)
  const released = await context.gate.release(
    tx,
    context.access,
    rows.map(({ row }) => row),
  )
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    total: released.length,
    entries: released.map((one) => entryOf(context, one)),
  })
  const names = call.parameters.map(({ name }) => name)
  return { status: 200, body, accesses: [seen(context.access, '$lastn', 'Observation', released, names)] }
}

function entryOf(context: Context, one: Released) {
  return {
    fullUrl: `${context.base}/${one.type}/${one.id}`,
    resource: one.text,
    search: 'match' as const,
  }
}

function readMax(text: string | undefined): number {
  if (text === undefined) return 1
  if (!/^[1-9]\d{0,5}$/.test(text)) throw FhirError.invalid('max: a positive whole number expected', 'max')
  return Number(text)
}

/** "SHALL include: a subject …; a category parameter and/or a search parameter that contains a code element" */
async function readQuery(tx: Tx, context: Context, { parameters }: OperationCall): Promise<Query> {
  const asked = parameters.flatMap(({ name, value }): [string, string][] => {
    if (name === 'max') return []
    if (typeof value !== 'string') throw FhirError.invalid('search parameters are strings')
    return [[name, value]]
  })
  const { query } = parseQuery('Observation', asked, parseOptions(context, 'strict'))
  if (query.sort.length > 0 || query.include.length > 0 || query.revinclude.length > 0) {
    throw FhirError.notSupported('$lastn: search criteria only')
  }
  if (!query.criteria.some((criterion) => asksBy(criterion, ['patient', 'subject']))) {
    throw new FhirError(400, [issue('required', 'patient or subject: one is needed')])
  }
  if (!query.criteria.some((criterion) => asksBy(criterion, codes))) {
    throw new FhirError(400, [issue('required', 'category, code or another code parameter: one is needed')])
  }
  const newestFirst = { parameter: searchParameter('Observation', 'date'), descending: true }
  const resolved = await resolveTerminology(tx, context, { ...query, sort: [newestFirst] })
  return resolveHierarchies(tx, context, resolved)
}

const codes = [
  ...['category', 'code', 'combo-code', 'component-code', 'code-value-concept', 'code-value-date'],
  ...['code-value-quantity', 'code-value-string', 'combo-code-value-concept', 'combo-code-value-quantity'],
]

function asksBy(criterion: Criterion, names: readonly string[]): boolean {
  return 'parameter' in criterion && names.includes(criterion.parameter.code)
}

interface Observed {
  readonly row: StoredRow
  /** in the order of the search, newest first */
  readonly place: number
  /** `Observation.code`, as coding by coding or as text */
  readonly codes: readonly string[]
  /** equal times are equal texts */
  readonly time: string
}

async function observations(tx: Tx, context: Context, query: Query): Promise<Observed[]> {
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const found: Observed[] = []
  let after: Cursor | undefined
  do {
    const page = await search(tx, prepared, { after, limit: rowsAtOnce })
    found.push(...(await observed(tx, context, page.rows, found.length)))
    if (found.length > mostObservations) {
      throw new FhirError(400, [issue('too-costly', `more than ${mostObservations} Observations to look at`)])
    }
    after = page.next
  } while (after !== undefined)
  return found
}

/** Codes and times stand in the clinical rows; only the text of a code must be fetched from the vault. */
async function observed(
  tx: Tx,
  context: Context,
  rows: readonly StoredRow[],
  before: number,
): Promise<Observed[]> {
  const resources = rows.map((row) => parseJson(row.body) as Resource)
  const wordless = rows.filter((_, index) => codingsOf(resources[index]).length === 0)
  const texts = new Map(
    (await context.gate.release(tx, context.access, wordless)).map((one) => [
      one.row,
      textCode(resourceOf(one)),
    ]),
  )
  return rows.map((row, index) => {
    const resource = resources[index]
    const codings = codingsOf(resource)
    return {
      row,
      place: before + index,
      codes: codings.length > 0 ? codings : [texts.get(row) ?? ''],
      time: timeOf(resource),
    }
  })
}

function codingsOf(resource: Resource | undefined): string[] {
  const code = resource?.['code']
  const codings = isObject(code) && Array.isArray(code['coding']) ? code['coding'].filter(isObject) : []
  return codings.flatMap(({ system, code: symbol }) =>
    typeof symbol === 'string' ? [JSON.stringify([system ?? null, symbol])] : [],
  )
}

function textCode(resource: Resource): string {
  const code = resource['code']
  return isObject(code) && typeof code['text'] === 'string' ? `text ${code['text']}` : ''
}

function timeOf(resource: Resource | undefined): string {
  const name = effective.find((one) => resource?.[one] !== undefined)
  return name === undefined ? '' : JSON.stringify((resource as JsonObject)[name])
}

const effective = ['effectiveDateTime', 'effectivePeriod', 'effectiveInstant', 'effectiveTiming']

/** Observations by code; "the code translations are assumed to be equal", transitively. */
function groupsOf(all: readonly Observed[]): Observed[][] {
  const leader = new Map<string, string>()
  const find = (code: string): string => {
    let at = code
    for (let next = leader.get(at); next !== undefined && next !== at; next = leader.get(at)) at = next
    return at
  }
  for (const {
    codes: [first = '', ...others],
  } of all) {
    for (const other of others) leader.set(find(other), find(first))
  }
  const groups = new Map<string, Observed[]>()
  for (const one of all) {
    const key = find(one.codes[0] ?? '')
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()]
}

/** "In case of a tie … both will be returned." */
function lastOf(group: readonly Observed[], max: number): Observed[] {
  const last = group[max - 1]
  return group.filter((one, index) => index < max || one.time === last?.time)
}
