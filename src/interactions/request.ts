import type { Json } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'

export type Parameter = readonly [name: string, value: string]

/** A RESTful request without HTTP: made from a message by `rest`, from an entry by a batch or transaction. */
export interface FhirRequest {
  readonly method: string
  /** decoded segments below the base: `['Patient', '123', '_history']` */
  readonly path: readonly string[]
  /** of the query string, then of a form body, in their order */
  readonly parameters: readonly Parameter[]
  readonly body: Json | undefined
  /** the media type of the body as it was sent, without options; undefined: none was, or the entry of a Bundle */
  readonly contentType: string | undefined
  /** the bytes of a body that is no FHIR resource: the content of a Binary, a JSON Patch */
  readonly rawBody: Buffer | undefined
  readonly ifMatch: number | undefined
  /** `*`: any version */
  readonly ifNoneMatch: number | '*' | undefined
  readonly ifModifiedSince: Date | undefined
  /** the criteria of `If-None-Exist`; a leading `?` is tolerated */
  readonly ifNoneExist: string | undefined
  readonly prefer: Preferences
}

/** @see FHIR R4 § RESTful API, "create/update/patch/transaction" and "handling" */
export interface Preferences {
  readonly return: 'minimal' | 'representation' | 'OperationOutcome'
  readonly handling: 'strict' | 'lenient'
  /** `respond-async`. @see FHIR R4 § Asynchronous Request Patterns */
  readonly async: boolean
}

/**
 * Reads `name=value&…` with `+` and `%xx` undone; a bad escape stays as it stands.
 *
 * @throws FhirError 400 for a NUL: no value of FHIR holds one, and no database takes it
 */
export function parseParameters(text: string): Parameter[] {
  const parameters: Parameter[] = [...new URLSearchParams(text)]
  if (parameters.some((parameter) => parameter.join('').includes('\0'))) {
    throw FhirError.invalid('a NUL character in a parameter')
  }
  return parameters
}
