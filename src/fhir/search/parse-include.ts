import { isResourceType, searchParameters } from '../definitions.ts'
import { canLeadTo } from './extract.ts'
import { FhirError } from '../outcome.ts'
import { searchParameter } from './parse-criterion.ts'
import type { Include } from './query.ts'

/**
 * Reads an `_include` of a search on `type`: `Observation:subject`, `Observation:subject:Patient`,
 * `Observation:*`, `*`.
 *
 * @param modifier `iterate`, or `recurse` as it was called before R4
 * @throws FhirError 400 `value`; `not-supported` for another modifier
 * @see FHIR R4 § Search, "Including other resources in result"
 */
export function parseInclude(type: string, value: string, modifier: string | undefined): Include {
  const include = read('_include', value, modifier)
  // an iterated one may start from what another one brings in
  if (!include.iterate && include.source !== '*' && include.source !== type) {
    throw invalid('_include', `a reference of ${type} expected`)
  }
  return include
}

/** The same for `_revinclude`: `Observation:subject`, `Provenance:*`, `*`. */
export function parseRevinclude(type: string, value: string, modifier: string | undefined): Include {
  const include = read('_revinclude', value, modifier)
  if (!include.iterate && !leadsTo(include, type))
    throw invalid('_revinclude', `a reference to ${type} expected`)
  return include
}

function leadsTo({ source, parameter, target }: Include, type: string): boolean {
  if (target !== undefined && target !== type) return false
  if (source === '*') return true
  return parameter === '*'
    ? referencesOf(source).some((code) => canLeadTo(source, code, type))
    : canLeadTo(source, parameter.code, type)
}

/** The codes of a type's reference parameters. */
export function referencesOf(type: string): readonly string[] {
  return [...searchParameters(type).values()]
    .filter((one) => one.type === 'reference')
    .map(({ code }) => code)
}

type Name = '_include' | '_revinclude'

function read(name: Name, value: string, modifier: string | undefined): Include {
  const iterate = modifier === 'iterate' || modifier === 'recurse'
  if (modifier !== undefined && !iterate)
    throw FhirError.notSupported(`${name}: a modifier that is not supported`)
  const [source = '', code, target, ...more] = value.split(':')
  if (more.length > 0) throw invalid(name, 'Type:reference expected')
  if (source === '*' && (code === undefined || code === '*')) {
    if (target !== undefined && !isResourceType(target)) throw invalid(name, 'a resource type expected')
    return { source: '*', parameter: '*', target, iterate }
  }
  if (!isResourceType(source) || code === undefined) throw invalid(name, 'Type:reference expected')
  return { source, parameter: reference(name, source, code, target), target, iterate }
}

function reference(
  name: Name,
  source: string,
  code: string,
  target: string | undefined,
): Include['parameter'] {
  const canLead = (one: string) =>
    target === undefined || (isResourceType(target) && canLeadTo(source, one, target))
  if (code === '*') {
    if (!referencesOf(source).some(canLead)) throw invalid(name, 'a type that it cannot refer to')
    return '*'
  }
  if (searchParameters(source).get(code)?.type !== 'reference') {
    throw invalid(name, `a reference parameter of ${source} expected`)
  }
  if (!canLead(code)) throw invalid(name, 'a type that it cannot refer to')
  return searchParameter(source, code)
}

function invalid(name: Name, what: string): FhirError {
  return FhirError.invalid(`${name}: ${what}`, name)
}
