import { isObject, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { validate } from '../../fhir/validation/validate.ts'
import type { FhirRequest } from '../request.ts'

/** One input of an operation. @see FHIR R4 § Parameters; § Operations, "Executing an Operation Synchronously" */
export interface OperationParameter {
  readonly name: string
  /** of `value[x]`; a parameter of the query is always a string */
  readonly value: Json | undefined
  readonly resource: Resource | undefined
  readonly part: readonly OperationParameter[]
}

const ofTheFormat: ReadonlySet<string> = new Set(['_format', '_pretty'])

/**
 * The inputs of a call: those of the query, then those of the body.
 *
 * @returns `resource` when the body is a resource of another type than Parameters
 * @throws FhirError 400 when the body is no resource, 422 when its Parameters are not valid
 */
export function readParameters(request: Pick<FhirRequest, 'parameters' | 'body'>): {
  readonly parameters: readonly OperationParameter[]
  readonly resource: Resource | undefined
} {
  const asked = request.parameters
    .filter(([name]) => !ofTheFormat.has(name))
    .map(([name, value]) => ({ name, value, resource: undefined, part: [] }))
  const { body } = request
  if (body === undefined || body === null) return { parameters: asked, resource: undefined }
  if (!isObject(body) || typeof body['resourceType'] !== 'string') {
    throw FhirError.structure('Parameters, or a resource, expected', 'resourceType')
  }
  if (body['resourceType'] !== 'Parameters') return { parameters: asked, resource: body as Resource }
  return { parameters: [...asked, ...fromBody(body)], resource: undefined }
}

/** What the operation is to judge may be broken: the resources inside are its own affair. */
function fromBody(body: JsonObject): OperationParameter[] {
  const { parameter, ...rest } = body
  if (parameter === undefined) return []
  const judged = Array.isArray(parameter) ? parameter.map(withoutResource) : parameter
  const issues = validate({ ...rest, parameter: judged })
  if (issues.length > 0) throw FhirError.unprocessable(issues)
  return (parameter as JsonObject[]).map(read)
}

function withoutResource(parameter: Json): Json {
  if (!isObject(parameter) || parameter['resource'] === undefined) return parameter
  const { resource: _, ...rest } = parameter
  return { ...rest, valueBoolean: true }
}

function read(parameter: JsonObject): OperationParameter {
  const value = Object.entries(parameter).find(([name]) => /^value[A-Z]/.test(name))?.[1]
  const { resource, part } = parameter
  return {
    name: String(parameter['name']),
    value,
    resource: isObject(resource) ? (resource as Resource) : undefined,
    part: Array.isArray(part) ? part.filter(isObject).map(read) : [],
  }
}

/**
 * The one parameter of a name.
 *
 * @throws FhirError 400 when it is there twice
 */
export function single(
  parameters: readonly OperationParameter[],
  name: string,
): OperationParameter | undefined {
  const [found, ...more] = parameters.filter((parameter) => parameter.name === name)
  if (more.length > 0) throw FhirError.invalid(`${name}: given twice`, name)
  return found
}

/** Its value as text. @throws FhirError 400 when it is there twice, or no string */
export function textOf(parameters: readonly OperationParameter[], name: string): string | undefined {
  const found = single(parameters, name)
  if (found === undefined) return undefined
  if (typeof found.value !== 'string') throw FhirError.invalid(`${name}: a string expected`, name)
  return found.value
}

/** @throws FhirError 400 `not-supported` for a parameter that the operation does not have */
export function demandKnown(parameters: readonly OperationParameter[], names: readonly string[]): void {
  const unknown = parameters.some(({ name }) => !names.includes(name))
  if (unknown) throw FhirError.notSupported('a parameter that this operation does not have')
}
