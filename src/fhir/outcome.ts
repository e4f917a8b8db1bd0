/**
 * The one kind of error a caller sees. Interactions throw it, `rest` turns it into a response, a
 * batch into an entry. No value of a resource, token or query ever enters `diagnostics`.
 *
 * @see FHIR R4 § OperationOutcome
 */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information'
  readonly code: IssueCode
  readonly diagnostics: string
  /** FHIRPath of the element, or the name of the parameter: where, never what */
  readonly expression?: readonly string[]
}

export type IssueCode =
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'code-invalid'
  | 'business-rule'
  | 'not-supported'
  | 'login'
  | 'forbidden'
  | 'not-found'
  | 'deleted'
  | 'conflict'
  | 'duplicate'
  | 'multiple-matches'
  | 'too-long'
  | 'too-costly'
  | 'throttled'
  | 'transient'
  | 'exception'
  | 'informational'

export class FhirError extends Error {
  readonly status: number
  readonly issues: readonly Issue[]
  /** further response headers, `WWW-Authenticate` and `Retry-After` among them */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, issues: readonly Issue[], headers: Readonly<Record<string, string>> = {}) {
    super(issues[0]?.diagnostics ?? 'error')
    this.name = 'FhirError'
    this.status = status
    this.issues = issues
    this.headers = headers
  }

  /** 400: what was sent is not JSON, or not of the shape the interaction takes. */
  static structure(diagnostics: string, expression?: string): FhirError {
    return new FhirError(400, [issue('structure', diagnostics, expression)])
  }

  /** 400: a parameter, header or element value that cannot be read. Say which, never what it held. */
  static invalid(diagnostics: string, expression?: string): FhirError {
    return new FhirError(400, [issue('value', diagnostics, expression)])
  }

  /** 400: a parameter, modifier, interaction or option that this server does not have. */
  static notSupported(diagnostics: string, status: 400 | 405 | 406 | 415 = 400): FhirError {
    return new FhirError(status, [issue('not-supported', diagnostics)])
  }

  /** 401, with the challenge of RFC 6750. */
  static login(diagnostics: string): FhirError {
    return new FhirError(401, [issue('login', diagnostics)], { 'WWW-Authenticate': 'Bearer realm="coffre"' })
  }

  /** 403: the token's scopes or the permit do not reach this. */
  static forbidden(diagnostics: string): FhirError {
    return new FhirError(403, [issue('forbidden', diagnostics)])
  }

  /** 404: unknown, or hidden from this caller; the answer is the same. */
  static notFound(type: string): FhirError {
    return new FhirError(404, [issue('not-found', `${type}: not known`)])
  }

  /** 410, after a delete. */
  static deleted(type: string, headers: Readonly<Record<string, string>> = {}): FhirError {
    return new FhirError(410, [issue('deleted', `${type}: deleted`)], headers)
  }

  /** 409: another change or state stands in the way. */
  static conflict(diagnostics: string): FhirError {
    return new FhirError(409, [issue('conflict', diagnostics)])
  }

  /** 412: a precondition (`If-Match`, `If-None-Exist`, criteria) does not hold. */
  static precondition(code: 'conflict' | 'multiple-matches' | 'duplicate', diagnostics: string): FhirError {
    return new FhirError(412, [issue(code, diagnostics)])
  }

  /** 413. */
  static tooLong(diagnostics: string): FhirError {
    return new FhirError(413, [issue('too-long', diagnostics)])
  }

  /** 422: readable, but against the definitions, a profile or a business rule; may carry many issues. */
  static unprocessable(issues: readonly Issue[]): FhirError {
    return new FhirError(422, issues)
  }

  /** 422: one business rule. */
  static rule(diagnostics: string, expression?: string): FhirError {
    return new FhirError(422, [issue('business-rule', diagnostics, expression)])
  }

  /** 429 or 503, with `Retry-After` in whole seconds. */
  static later(status: 429 | 503, diagnostics: string, retryAfterSeconds: number): FhirError {
    return new FhirError(status, [issue(status === 429 ? 'throttled' : 'transient', diagnostics)], {
      'Retry-After': String(retryAfterSeconds),
    })
  }
}

/** An issue of severity `error`. */
export function issue(code: IssueCode, diagnostics: string, expression?: string): Issue {
  return {
    severity: 'error',
    code,
    diagnostics,
    ...(expression === undefined ? {} : { expression: [expression] }),
  }
}

/** The OperationOutcome resource of some issues, as a plain object. */
export function operationOutcome(issues: readonly Issue[]) {
  return { resourceType: 'OperationOutcome' as const, issue: issues.map((one) => ({ ...one })) }
}
