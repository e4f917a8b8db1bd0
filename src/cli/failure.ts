import { SettingsError } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import { errorCode } from '../import/error-code.ts'
import { SourceError } from '../import/source.ts'
import { StateError } from '../import/state.ts'

/**
 * What the operator reads when a command fails. Our own errors say what to do in one line. Of others
 * the message is not shown, since PostgreSQL and JSON.parse quote what they were given: kind, code and
 * place in the program are enough to find the fault.
 */
export function failure(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if ([FhirError, SettingsError, SourceError, StateError].some((kind) => error instanceof kind))
    return error.message
  const code = errorCode(error)
  const places = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
  return [`failed: ${error.name}${code === undefined ? '' : ` ${code}`}`, ...places].join('\n')
}
