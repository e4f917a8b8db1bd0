import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { FastifyRequest } from 'fastify'
import { catchError, mergeMap, type Observable } from 'rxjs'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import type { CurrentPerson } from '../auth/people/sessions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { PermitAnswer } from './answer.dto.ts'

interface Audited {
  readonly action: AuditedAccess['action']
  /** `request-submit`, `permit-revoke`, … */
  readonly interaction: string
  /** the FHIR type that stands for what is touched: Task for a request, Consent for a permit */
  readonly type: 'Task' | 'Consent'
}

const key = 'coffre:audited'

/** Where an answer says, to the trail alone, whom it is about: keys. */
export const touchedPatients: unique symbol = Symbol('touched patients')

/** Where an answer says what else goes on record: no values, and what the privacy desk is alerted to. */
export const onRecord: unique symbol = Symbol('on record')

export interface OnRecord {
  readonly [onRecord]: {
    readonly detail: Readonly<Record<string, string>>
    /** kinds of alerts, each an event of its own */
    readonly alerts: readonly string[]
  }
}

/** How the trail speaks of a method. */
export const Audited = (
  action: Audited['action'],
  type: Audited['type'],
  interaction: string,
): MethodDecorator => SetMetadata(key, { action, type, interaction } satisfies Audited)

type PersonRequest = FastifyRequest<{ Params: { id?: string } }> & { person?: CurrentPerson }

/** Puts every call on record before it is answered: what succeeded, what was refused, what failed. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  private readonly trail: Trail
  private readonly reflector: Reflector

  constructor(trail: Trail, reflector: Reflector) {
    this.trail = trail
    this.reflector = reflector
  }

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const audited = this.reflector.get<Audited | undefined>(key, context.getHandler())
    if (!audited) throw new TypeError('a governance method that is not on record')
    const request = context.switchToHttp().getRequest<PersonRequest>()
    return next.handle().pipe(
      mergeMap(async (answer) => {
        const done = {
          ...access(audited, request, 'success', request.params.id ?? idOf(answer)),
          patients: patientsOf(answer),
        }
        const { detail, alerts } = saidOnRecord(answer)
        const told = detail === undefined ? done : { ...done, detail }
        await this.trail.record(answer instanceof PermitAnswer ? { ...told, permit: answer.id } : told)
        for (const alert of alerts)
          await this.trail.record({ ...done, action: 'E', interaction: `alert-${alert}`, patients: [] })
        return answer
      }),
      catchError(async (error: unknown) => {
        const isRefusal = error instanceof FhirError && error.status < 500
        await this.trail.record(access(audited, request, isRefusal ? 'refused' : 'failed', request.params.id))
        throw error
      }),
    )
  }
}

function access(
  { action, interaction, type }: Audited,
  request: PersonRequest,
  outcome: AuditedAccess['outcome'],
  id: string | undefined,
): AuditedAccess {
  const { person } = request
  if (!person) throw new TypeError('a governance method without PersonGuard')
  const caller = {
    clientId: 'governance',
    userId: person.userId,
    tokenId: person.sessionId,
    ip: request.ip,
  }
  return {
    ...{ action, interaction, outcome, type, access: { caller } },
    base: '/governance',
    // what was sent as an id and is none is not written down
    entities: id !== undefined && idForm.test(id) ? [{ type, id }] : [],
    patients: [],
    at: new Date(),
  }
}

const idForm = /^[0-9a-f-]{32,36}$/

function idOf(answer: unknown): string | undefined {
  const id = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined
  return typeof id === 'string' ? id : undefined
}

function saidOnRecord(answer: unknown): Partial<OnRecord[typeof onRecord]> & { alerts: readonly string[] } {
  const isSaid = typeof answer === 'object' && answer !== null && onRecord in answer
  return isSaid ? (answer as OnRecord)[onRecord] : { alerts: [] }
}

/** The patients that an answer, or each of a list of them, is about. */
function patientsOf(answer: unknown): string[] {
  const answers: unknown[] = Array.isArray(answer) ? answer : [answer]
  const keys = answers.flatMap((one) =>
    typeof one === 'object' && one !== null && touchedPatients in one
      ? (one[touchedPatients] as readonly string[])
      : [],
  )
  return [...new Set(keys)]
}
