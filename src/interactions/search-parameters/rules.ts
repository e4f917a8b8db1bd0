import { isResourceType, searchParameters, type SearchParameter } from '../../fhir/definitions.ts'
import { reasonUnsupported } from '../../fhir/search/extract.ts'
import type { Json, Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { readsClear } from '../../resources/clear-path.ts'

const kinds = ['number', 'date', 'string', 'token', 'reference', 'quantity', 'uri'] as const
/** Kinds that can be answered over sealed elements too, by keyed hashes. */
const blindKinds: ReadonlySet<string> = new Set(['string', 'token', 'date', 'uri'])
const longestExpression = 2_000

/**
 * Reads a SearchParameter that shall be put into service.
 *
 * @throws FhirError 422 when this server could not answer by it, naming the element
 * @see FHIR R4 § SearchParameter
 */
export function readSearchParameter(resource: Resource): SearchParameter {
  const { url, code, expression } = resource
  const kind = kinds.find((one) => one === resource['type'])
  if (kind === undefined) throw refused('type', 'composite and special parameters cannot be added')
  if (typeof code !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(code)) {
    throw refused('code', 'letters, digits and hyphens, a letter first')
  }
  if (typeof expression !== 'string' || expression.length > longestExpression) {
    throw refused('expression', `needed, of at most ${longestExpression} characters`)
  }
  const base = textsOf(resource['base'])
  if (!base.every(isResourceType)) throw refused('base', 'resource types by their names')
  const target = textsOf(resource['target'])
  const parameter = { url: String(url), code, base, type: kind, expression, target, component: [] }
  for (const type of base) demandServable(type, parameter)
  return parameter
}

function demandServable(type: string, parameter: SearchParameter): void {
  const { code, url, expression = '' } = parameter
  const present = searchParameters(type).get(code)
  if (present && present.url !== url) throw refused('code', 'another parameter of the type has it')
  if (present && present.state === undefined)
    throw refused('url', 'a published parameter, which is in service')
  if (reasonUnsupported(type, parameter) !== undefined) {
    throw refused('expression', 'a form of FHIRPath, or a data type, that is not indexed')
  }
  if (!blindKinds.has(parameter.type) && !readsClear(type, expression)) {
    throw refused(
      'expression',
      'it may read what is sealed, where only string, token, date and uri are found',
    )
  }
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function refused(element: string, why: string): FhirError {
  return FhirError.unprocessable([issue('business-rule', `${element}: ${why}`, `SearchParameter.${element}`)])
}
