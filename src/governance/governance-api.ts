import {
  applyDecorators,
  Header,
  Param,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type PipeTransform,
} from '@nestjs/common'
import { ApiBearerAuth, ApiDefaultResponse, ApiTags } from '@nestjs/swagger'
import { PersonGuard } from '../auth/people/person.guard.ts'
import { FhirError } from '../fhir/outcome.ts'
import { OperationOutcomeAnswer } from './answer.dto.ts'
import { AuditInterceptor } from './audit.interceptor.ts'
import { DtoPipe } from './dto.pipe.ts'
import { GovernanceErrors } from './errors.filter.ts'

/** What every controller of this API has: people only, everything on record, one form of error. */
export function GovernanceApi(tag: string): ClassDecorator {
  return applyDecorators(
    ApiTags(tag),
    ApiBearerAuth(),
    ApiDefaultResponse({ type: OperationOutcomeAnswer, description: 'any error' }),
    UseFilters(GovernanceErrors),
    UseGuards(PersonGuard),
    UseInterceptors(AuditInterceptor),
    UsePipes(DtoPipe),
  )
}

/** What an answer says of a person is kept by no cache. */
export const NoStore = () => Header('Cache-Control', 'no-store')

/** Lets a path segment through when it has the form of an id; else there is nothing of that name. */
class IdPipe implements PipeTransform<string, string> {
  private readonly what: string
  private readonly form: RegExp
  constructor(what: string, form: RegExp) {
    this.what = what
    this.form = form
  }

  /** @throws FhirError 404 */
  transform(value: string): string {
    if (!this.form.test(value)) throw FhirError.notFound(this.what)
    return value
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The `id` of a request in the path. */
export const Id = () => Param('id', new IdPipe('request', uuid))

/** The `id` of an erasure in the path. */
export const ErasureId = () => Param('id', new IdPipe('erasure', uuid))

/** The `id` of an emergency access in the path. */
export const EmergencyId = () => Param('id', new IdPipe('emergency', uuid))

/** The `id` of an opposition in the path. */
export const OppositionId = () => Param('id', new IdPipe('opposition', uuid))

/** The `id` of a pair of Patients in the path. */
export const PairId = () => Param('id', new IdPipe('pair', uuid))

/** The `client_id` of a client in the path. */
export const ClientId = () => Param('id', new IdPipe('client', /^[\x21-\x7e]{1,200}$/))

/** The `id` of a permit in the path. */
export const PermitId = () => Param('id', new IdPipe('permit', /^[0-9a-z]{20,64}$/))
