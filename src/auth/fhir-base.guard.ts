import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { FhirError } from '../fhir/outcome.ts'
import { Settings } from '../config.ts'
import { Authenticator } from './authenticator.ts'
import { fhirBase } from './fhir-base.ts'
import type { Principal } from './principal.ts'

type AuthenticatedRequest = FastifyRequest & { principal?: Principal }

/** Lets a request in that carries a token good for the FHIR base it was sent to. */
@Injectable()
export class FhirBaseGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>()
    const base = fhirBase(this.settings.publicUrl, request.url)
    if (!base) throw FhirError.notFound('FHIR base')
    const { authorization } = request.headers
    request.principal = await this.authenticator.authenticate(authorization, base.path, request.ip)
    return true
  }
}

/** The caller, in a controller behind {@link FhirBaseGuard}. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>()
  if (!principal) throw new TypeError('a controller without FhirBaseGuard')
  return principal
})
