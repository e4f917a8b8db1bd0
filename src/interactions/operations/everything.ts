import { scopesFor } from '../../access/scope.ts'
import { isResourceType } from '../../fhir/definitions.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { isDate, isInstant } from '../../fhir/primitive.ts'
import type { Released } from '../../governance/gate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import { bundleText } from '../bundle-text.ts'
import type { Context } from '../context.ts'
import { maxCount, openPage, pageLinks } from '../page-links.ts'
import type { Page } from '../page.ts'
import { findCurrent } from '../read.ts'
import { seen } from '../released.ts'
import type { Parameter } from '../request.ts'
import { compartmentTypes } from '../search/compartment.ts'
import { compartmentPage, supportPage, type Extent } from './everything-pages.ts'
import type { Operation, OperationCall } from './operation.ts'

/**
 * All that is known of a patient, or of an encounter: what is in the compartment, then what that refers
 * to, each once. What is in another patient's compartment is not part of it.
 *
 * @see https://hl7.org/fhir/R4/patient-operation-everything.html
 */
export const patientEverything = everything('Patient')
export const encounterEverything = everything('Encounter')

function everything(type: 'Patient' | 'Encounter'): Operation {
  return {
    name: 'everything',
    definition: `http://hl7.org/fhir/OperationDefinition/${type}-everything`,
    levels: ['instance'],
    types: [type],
    affectsState: false,
    perform: allOf,
  }
}

async function allOf(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  const page = openPage(context, { ...call.request, parameters: call.parameters.map(asText) })
  const focus = await findCurrent(tx, context, call.type, call.id ?? '')
  const extent = readExtent(context, focus, page)
  const found = await nextPage(tx, context, extent, page)
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    links: pageLinks(context, page, found.next),
    entries: found.released.map((one) => ({
      fullUrl: `${context.base}/${one.type}/${one.id}`,
      resource: one.text,
      search: 'match' as const,
    })),
  })
  const names = page.parameters.map(([name]) => name)
  return {
    status: 200,
    body,
    accesses: [seen(context.access, '$everything', call.type, found.released, names)],
  }
}

/** The compartment first; where it ends, what it refers to begins, on the same page. */
async function nextPage(
  tx: Tx,
  context: Context,
  extent: Extent,
  { cursor: [phase = 'compartment', ...after] }: Page,
): Promise<{ released: readonly Released[]; next: Page['cursor'] | undefined }> {
  const own =
    phase === 'compartment'
      ? await compartmentPage(tx, context, extent, after)
      : { released: [], next: undefined }
  if (own.next) return { released: own.released, next: ['compartment', ...own.next] }
  const room = extent.count - own.released.length
  if (room === 0) return { released: own.released, next: ['support'] }
  const from = phase === 'support' ? after : []
  const support = await supportPage(tx, context, { ...extent, count: room }, from)
  return {
    released: [...own.released, ...support.released],
    next: support.next && ['support', ...support.next],
  }
}

function asText({ name, value }: OperationCall['parameters'][number]): Parameter {
  if (typeof value === 'string') return [name, value]
  if (typeof value === 'number') return [name, String(value)]
  throw FhirError.invalid(`${name.startsWith('_') ? name : 'a parameter'}: a primitive value expected`)
}

function readExtent(context: Context, focus: Released, page: Page): Extent {
  const one = (name: string) => {
    const [value, ...more] = page.parameters.filter(([given]) => given === name).map(([, given]) => given)
    if (more.length > 0) throw FhirError.invalid(`${name}: given twice`, name)
    return value
  }
  const known = ['start', 'end', '_since', '_type', '_count']
  if (!page.parameters.every(([name]) => known.includes(name))) {
    throw FhirError.notSupported('a parameter that this operation does not have')
  }
  const date = (name: string) => {
    const value = one(name)
    if (value !== undefined && !isDate(value)) throw FhirError.invalid(`${name}: a date expected`, name)
    return value
  }
  const since = one('_since')
  if (since !== undefined && !isInstant(since))
    throw FhirError.invalid('_since: an instant expected', '_since')
  return {
    focus,
    types: readTypes(context, focus.type, page.parameters),
    start: date('start'),
    end: date('end'),
    since: since === undefined ? undefined : new Date(since),
    count: readCount(one('_count')),
  }
}

function readCount(text: string | undefined): number {
  if (text === undefined) return maxCount
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw FhirError.invalid('_count: a positive whole number expected', '_count')
  return Math.min(Number(text), maxCount)
}

/** Those asked for that the caller may search: what no scope reaches does not exist for him. */
function readTypes(context: Context, focus: string, parameters: readonly Parameter[]): Extent['types'] {
  const named = parameters.flatMap(([name, value]) => (name === '_type' ? value.split(',') : []))
  if (!named.every(isResourceType))
    throw FhirError.invalid('_type: names of resource types expected', '_type')
  const isAsked = (type: string) =>
    (named.length === 0 || named.includes(type)) && scopesFor(context.access, type, 's').length > 0
  return { compartment: compartmentTypes(focus).filter(isAsked), isAsked }
}
