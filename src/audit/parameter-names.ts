import { resourceTypes, searchParameters } from '../fhir/definitions.ts'

/** Parameters and modifiers that the specification's text defines, beside its SearchParameters. */
const results = [
  ...['_count', '_sort', '_total', '_elements', '_summary', '_include', '_revinclude', '_contained'],
  ...[
    '_containedType',
    '_has',
    '_type',
    '_since',
    '_until',
    '_at',
    '_typeFilter',
    '_outputFormat',
    '_format',
  ],
  ...['_pretty', '_text', '_content', '_list', '_query', '_filter', 'patient'],
]
const modifiers = [
  ...['missing', 'exact', 'contains', 'not', 'text', 'in', 'not-in', 'below', 'above', 'identifier'],
  ...['of-type', 'type', 'iterate'],
]

const words: ReadonlySet<string> = new Set([
  ...results,
  ...modifiers,
  ...resourceTypes,
  ...resourceTypes.flatMap((type) => [...searchParameters(type).keys()]),
])

/**
 * The name of a search parameter as it may stand in the trail: `subject:Patient.name:exact` as it is. A
 * name comes from the caller, who may have written a patient's into it by mistake; so each part that is
 * no word of the specification becomes `*`.
 */
export function auditedParameterName(name: string): string {
  return name.replace(/[^:.]+/g, (word) => (words.has(word) ? word : '*'))
}
