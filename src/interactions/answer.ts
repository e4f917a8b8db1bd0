import type { Issue } from '../fhir/outcome.ts'
import { operationOutcome } from '../fhir/outcome.ts'
import type { InteractionCode } from './route.ts'

/**
 * What an interaction answers, before it becomes an HTTP response or the entry of a Bundle.
 *
 * @see FHIR R4 § RESTful API; § Bundle.entry.response
 */
export interface Answer {
  readonly status: number
  /** becomes `ETag: W/"3"` */
  readonly version?: number
  readonly lastModified?: Date
  /** below the base: `Patient/123/_history/1` */
  readonly location?: string
  /** a resource as JSON text; absent: no body */
  readonly body?: string
  /** what is yet to go on record, one for each interaction: a Bundle has one for each of its entries */
  readonly accesses: readonly Accessed[]
}

/** One interaction as the trail records it: keys and internal ids, never a value that was sent. */
export interface Accessed {
  /** an operation goes by its own name: `$everything` */
  readonly interaction: InteractionCode | `$${string}`
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly type: string | undefined
  /** internal ids; pseudonyms on a research base */
  readonly entities: readonly { readonly type: string; readonly id: string; readonly version?: number }[]
  /** keys of the patients in whose compartment the entities are; pseudonyms on a research base */
  readonly patients: readonly string[]
  /** names of search parameters */
  readonly parameters: readonly string[]
}

/** An OperationOutcome as JSON text. */
export function outcomeText(issues: readonly Issue[]): string {
  return JSON.stringify(operationOutcome(issues))
}

/** The OperationOutcome of success, for `Prefer: return=OperationOutcome`. */
export function successOutcome(diagnostics: string): string {
  return outcomeText([{ severity: 'information', code: 'informational', diagnostics }])
}
