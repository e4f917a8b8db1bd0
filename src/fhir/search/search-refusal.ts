import { FhirError, issue } from '../outcome.ts'

/** Names the parameter when it looks like one: what a caller made up may hold anything. */
export function notSupported(key: string, what: string): FhirError {
  return FhirError.notSupported(/^[\w.:-]{1,64}$/.test(key) ? `${key}: ${what}` : `a parameter: ${what}`)
}

/** 400 `too-costly`. */
export function tooCostly(diagnostics: string): FhirError {
  return new FhirError(400, [issue('too-costly', diagnostics)])
}
