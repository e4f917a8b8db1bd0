import { isObject, type Json } from '../fhir/json.ts'
import { isResourceType } from '../fhir/definitions.ts'
import { FhirError, issue } from '../fhir/outcome.ts'

/** One file that is to be imported. */
export interface ImportedFile {
  /** the type that the client says is in it */
  readonly type: string
  readonly url: string
}

export interface ImportRequest {
  readonly inputSource: string | undefined
  readonly inputs: readonly ImportedFile[]
}

const mostInputs = 10_000
const formats: ReadonlySet<string> = new Set([
  ...['application/fhir+ndjson', 'application/ndjson', 'ndjson', 'application/x-ndjson'],
])

/**
 * Reads the body of a `$import`: the Parameters resource of SMART bulk import, or the plain JSON object of
 * its first drafts.
 *
 * @param isAllowed whether a URL is one that the hospital lets this server fetch
 * @throws FhirError 400 for what cannot be read, 422 for a source that is not listed
 * @see https://github.com/smart-on-fhir/bulk-import
 */
export function readImportRequest(body: Json, isAllowed: (url: string) => boolean): ImportRequest {
  const fields = fieldsOf(body)
  const format = textOf(fields, 'inputFormat') ?? 'application/fhir+ndjson'
  if (!formats.has(format))
    throw FhirError.notSupported('inputFormat: application/fhir+ndjson is what is read')
  const inputs = (fields.get('input') ?? []).map(readInput)
  if (inputs.length === 0)
    throw new FhirError(400, [issue('required', 'input: at least one is needed', 'input')])
  if (inputs.length > mostInputs) throw FhirError.invalid(`input: at most ${mostInputs}`, 'input')
  if (!inputs.every(({ url }) => isAllowed(url))) {
    throw FhirError.unprocessable([
      issue('business-rule', 'input.url: not one of the sources that this server may fetch', 'input.url'),
    ])
  }
  return { inputSource: textOf(fields, 'inputSource'), inputs }
}

type Fields = ReadonlyMap<string, readonly Json[]>

/** Values by name: of `value[x]`, or the parts of a parameter as an object. */
function fieldsOf(body: Json): Fields {
  if (!isObject(body)) throw FhirError.structure('Parameters, or a JSON object, expected')
  const fields = new Map<string, Json[]>()
  const add = (name: string, value: Json) => {
    const values = fields.get(name)
    if (values) values.push(value)
    else fields.set(name, [value])
  }
  if (body['resourceType'] === 'Parameters') {
    for (const parameter of listOf(body['parameter'])) {
      if (isObject(parameter)) add(String(parameter['name']), valueOf(parameter))
    }
  } else {
    for (const [name, value] of Object.entries(body)) for (const one of listOf(value)) add(name, one)
  }
  return fields
}

function valueOf(parameter: { [member: string]: Json }): Json {
  const parts = listOf(parameter['part']).filter(isObject)
  if (parts.length > 0) {
    return Object.fromEntries(parts.map((part) => [String(part['name']), valueOf(part)]))
  }
  return Object.entries(parameter).find(([name]) => name.startsWith('value'))?.[1] ?? null
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function textOf(fields: Fields, name: string): string | undefined {
  const [value, ...more] = fields.get(name) ?? []
  if (more.length > 0) throw FhirError.invalid(`${name}: given twice`, name)
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw FhirError.invalid(`${name}: a string expected`, name)
  return value
}

function readInput(input: Json): ImportedFile {
  const { type, url } = isObject(input) ? input : {}
  if (typeof type !== 'string' || !isResourceType(type))
    throw FhirError.invalid('input.type: a resource type expected', 'input.type')
  if (typeof url !== 'string') throw FhirError.invalid('input.url: a URL expected', 'input.url')
  return { type, url }
}
