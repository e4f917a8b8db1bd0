import { randomUUID } from 'node:crypto'
import { stringifyJson, type Json, type JsonObject } from '../../fhir/json.ts'
import type { Conformance } from '../../fhir/package.ts'
import { isGap } from '../../fhir/terminology/content.ts'
import { expandMembers, type Expanded, type ExpandOptions } from '../../fhir/terminology/expand.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf, type OperationParameter } from './parameters.ts'
import { accessOf, booleanOf, calledValueSet, numberOf, undecidable } from './terminology-call.ts'

/**
 * The codes of a ValueSet, by the packages and by what is stored here and the caller may search.
 *
 * @see https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
export const expand: Operation = {
  name: 'expand',
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-expand',
  levels: ['type', 'instance'],
  types: ['ValueSet'],
  affectsState: false,
  perform: expandValueSet,
}

const names = [
  ...['url', 'valueSet', 'valueSetVersion', 'filter', 'offset', 'count', 'includeDesignations'],
  ...['includeDefinition', 'activeOnly', 'excludeNested', 'excludeNotForUI', 'excludePostCoordinated'],
  ...['displayLanguage'],
]

/** More codes than that are given by the page. */
const mostCodes = 10_000

async function expandValueSet(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandKnown(call.parameters, names)
  const options = readOptions(call.parameters)
  const withDefinition = booleanOf(call.parameters, 'includeDefinition') ?? false
  const read = await calledValueSet(tx, context, call)
  const list = read.terminology.content(read.subject).list()
  if (isGap(list)) throw undecidable('not-supported', `the value set cannot be listed: ${list}`)
  const expanded = expandMembers(list, options)
  if (expanded.contains.length > mostCodes) {
    throw undecidable('too-costly', `more than ${mostCodes} codes: ask for pages, by count and offset`)
  }
  const body = stringifyJson({
    ...described(read.subject, withDefinition),
    expansion: {
      identifier: `urn:uuid:${randomUUID()}`,
      timestamp: context.now().toISOString(),
      total: expanded.total,
      ...(options.offset > 0 || options.count !== undefined ? { offset: options.offset } : {}),
      ...parameterOf(call.parameters, expanded),
      ...(expanded.contains.length === 0 ? {} : { contains: [...expanded.contains] }),
    },
  })
  return { status: 200, body, accesses: [accessOf(call, '$expand', read)] }
}

function readOptions(parameters: readonly OperationParameter[]): ExpandOptions {
  // no code here is post-coordinated: to leave them out, or not, is the same
  booleanOf(parameters, 'excludePostCoordinated')
  return {
    filter: textOf(parameters, 'filter'),
    activeOnly: booleanOf(parameters, 'activeOnly') ?? false,
    excludeNotForUI: booleanOf(parameters, 'excludeNotForUI') ?? false,
    includeDesignations: booleanOf(parameters, 'includeDesignations') ?? false,
    displayLanguage: textOf(parameters, 'displayLanguage'),
    nested: booleanOf(parameters, 'excludeNested') === false,
    offset: numberOf(parameters, 'offset') ?? 0,
    count: numberOf(parameters, 'count'),
  }
}

/** The ValueSet without what makes it up, unless that is asked for; an older expansion goes in any case. */
function described(valueSet: Conformance, withDefinition: boolean): JsonObject {
  const { compose, expansion: _, text: __, contained: ___, ...rest } = valueSet as JsonObject
  return { ...rest, ...(withDefinition && compose !== undefined ? { compose } : {}) }
}

/** What the expansion was made by: the parameters, and the versions of the code systems. */
function parameterOf(
  parameters: readonly OperationParameter[],
  { versions }: Expanded,
): { parameter?: Json[] } {
  const given = parameters.flatMap(({ name, value }): JsonObject[] => {
    const type = types[name]
    if (type === undefined || value === undefined) return []
    const typed = typeof value !== 'string' ? value : type === 'valueBoolean' ? value === 'true' : value
    return [{ name, [type]: type === 'valueInteger' ? Number(typed) : typed }]
  })
  const used = versions.map((version): JsonObject => ({ name: 'version', valueUri: version }))
  return given.length + used.length === 0 ? {} : { parameter: [...given, ...used] }
}

const types: Readonly<Record<string, string>> = {
  filter: 'valueString',
  offset: 'valueInteger',
  count: 'valueInteger',
  includeDesignations: 'valueBoolean',
  includeDefinition: 'valueBoolean',
  activeOnly: 'valueBoolean',
  excludeNested: 'valueBoolean',
  excludeNotForUI: 'valueBoolean',
  excludePostCoordinated: 'valueBoolean',
  displayLanguage: 'valueCode',
}
