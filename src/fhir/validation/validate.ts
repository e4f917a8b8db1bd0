import { isResourceType } from '../definitions.ts'
import { isObject, type Json, type Resource } from '../json.ts'
import { FhirError, issue, type Issue } from '../outcome.ts'
import { Report } from './validate-report.ts'
import { checkResource } from './validate-type.ts'

/**
 * Checks a resource against the structure that the R4 definitions give its type: elements, cardinality,
 * choices, primitive formats, required bindings, reference targets, contained resources, narrative and
 * the invariants that hold for every element (ele-1, ext-1, ref-1, dom-2 to dom-5). Each type is
 * compiled into closures when it is first met.
 *
 * @param expectedType when the interaction knows it
 * @returns `[]` when there is nothing to say; at most 100 issues, each with the FHIRPath of the element;
 *   no value of the resource is repeated in them
 * @see FHIR R4 § Validating Resources: structure, cardinality, value domains, coding bindings
 */
export function validate(resource: Json, expectedType?: string): readonly Issue[] {
  const wrong = misfit(resource, expectedType)
  if (wrong !== undefined) return [issue('structure', wrong, 'resourceType')]
  const report = new Report()
  checkResource(resource, (resource as Resource).resourceType, report)
  return report.issues
}

/**
 * The same for what a client sent, as a gate.
 *
 * @throws FhirError 400 `structure` when it is no resource, or of another type than expected; 422 with
 *   all issues when it breaks the definitions
 */
export function demandValid(json: Json, expectedType?: string): Resource {
  const wrong = misfit(json, expectedType)
  if (wrong !== undefined) throw FhirError.structure(wrong, 'resourceType')
  const issues = validate(json, expectedType)
  if (issues.length > 0) throw FhirError.unprocessable(issues)
  return json as Resource
}

/** Why a value cannot be taken for a resource of the type at all. */
export function misfit(json: Json, expectedType: string | undefined): string | undefined {
  if (!isObject(json)) return 'a resource, which is a JSON object, expected'
  const { resourceType } = json
  if (typeof resourceType !== 'string') return 'resourceType: missing'
  if (!isResourceType(resourceType)) return 'resourceType: not the name of an R4 resource type'
  if (expectedType !== undefined && resourceType !== expectedType)
    return 'resourceType: another type is expected here'
  return undefined
}
