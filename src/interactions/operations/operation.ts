import type { Resource } from '../../fhir/json.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { FhirRequest } from '../request.ts'
import type { OperationParameter } from './parameters.ts'

/**
 * An operation as data: where it can be called and what it does. It runs inside a transaction that the
 * caller opened: one that writes when it affects state, else one snapshot.
 *
 * @see FHIR R4 § Operations
 */
export interface Operation {
  /** without the `$`: `everything` */
  readonly name: string
  /** canonical URL of its OperationDefinition */
  readonly definition: string
  readonly levels: readonly OperationLevel[]
  /** the types it can be called on; `[]`: any */
  readonly types: readonly string[]
  /** then it takes POST alone. @see OperationDefinition.affectsState */
  readonly affectsState: boolean
  /**
   * @returns its accesses go by the name `$everything`, one or more
   * @throws FhirError 400 for a parameter that it does not have, or that is missing
   */
  readonly perform: (tx: Tx, context: Context, call: OperationCall) => Promise<Answer>
}

export type OperationLevel = 'system' | 'type' | 'instance' | 'version'

/** One call, its parameters read from the query, then from the body. */
export interface OperationCall {
  /** `''` at system level */
  readonly type: string
  readonly id: string | undefined
  readonly versionId: number | undefined
  /** without those of the format: `_format`, `_pretty` */
  readonly parameters: readonly OperationParameter[]
  /** the body when it is a resource of another type than Parameters */
  readonly resource: Resource | undefined
  readonly request: FhirRequest
}
