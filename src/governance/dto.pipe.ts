import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common'
import type { ValidationError } from 'class-validator'
import { parseJson } from '../fhir/json.ts'
import { FhirError, issue, type Issue } from '../fhir/outcome.ts'

/**
 * Turns what was sent into its DTO, or says which properties are wrong; never what they held. The body
 * may still be text: the server leaves it to whoever knows what it should be.
 *
 * @throws FhirError 400
 */
export class DtoPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) =>
        new FhirError(
          400,
          errors.flatMap((error) => faults(error, '')),
        ),
    })
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isText = metadata.type === 'body' && typeof value === 'string'
    return super.transform(isText ? parseJson(value) : (value ?? {}), metadata) as Promise<unknown>
  }
}

function faults(error: ValidationError, parent: string): Issue[] {
  const isIndex = /^\d+$/.test(error.property)
  const at = isIndex
    ? `${parent}[${error.property}]`
    : parent === ''
      ? error.property
      : `${parent}.${error.property}`
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? issue('structure', 'this property is not known', at)
      : issue('value', message, at),
  )
  return [...own, ...(error.children ?? []).flatMap((child) => faults(child, at))]
}
