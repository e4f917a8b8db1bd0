import {
  createParamDecorator,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Role } from './person-record.ts'
import { Sessions, type CurrentPerson as Person } from './sessions.ts'

type PersonRequest = FastifyRequest & { person?: Person }

const rolesKey = 'coffre:roles'

/** The roles of which a person needs one, for a controller or one of its methods. */
export const Roles = (...needed: readonly Role[]) => SetMetadata(rolesKey, needed)

/** Lets a request in that carries the token of an open session, and one of the {@link Roles} asked for. */
@Injectable()
export class PersonGuard implements CanActivate {
  constructor(
    private readonly sessions: Sessions,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp()
    const request = http.getRequest<PersonRequest>()
    const person = await this.sessions.authenticate(request.headers.authorization)
    if (!person) {
      void http.getResponse<FastifyReply>().header('WWW-Authenticate', 'Bearer realm="coffre"')
      throw new UnauthorizedException('sign in first')
    }
    const needed = this.reflector.getAllAndOverride<readonly Role[] | undefined>(rolesKey, [
      context.getHandler(),
      context.getClass(),
    ])
    if (needed && !needed.some((role) => person.roles.has(role))) {
      throw new ForbiddenException('not one of your roles')
    }
    request.person = person
    return true
  }
}

/** Who is signed in, in a controller behind {@link PersonGuard}. */
export const CurrentPerson = createParamDecorator((_: unknown, context: ExecutionContext): Person => {
  const { person } = context.switchToHttp().getRequest<PersonRequest>()
  if (!person) throw new TypeError('a controller without PersonGuard')
  return person
})
