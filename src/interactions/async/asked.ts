import type { Access, CareAccess, Permit } from '../../access/access.ts'
import { narrow, parseScopes, printScopes } from '../../access/scope.ts'
import { parseJson, stringifyJson } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { FhirRequest } from '../request.ts'

/** What was asked, and with which rights: all that a job is worked on from, as it lies sealed. */
export interface Asked {
  readonly request: FhirRequest
  /** as they were when it was asked */
  readonly scopes: string
  /** key of the patient in launch context */
  readonly patient: string | undefined
  readonly grants: readonly string[]
  readonly tokenId: string
  readonly ip: string | undefined
  /** when the token ends by itself; undefined: not known here */
  readonly tokenExpiresAt: Date | undefined
}

/** A request with the rights of its caller. */
export function askedBy(access: Access, request: FhirRequest, tokenExpiresAt: Date | undefined): Asked {
  const { tokenId, ip } = access.caller
  const care = access.kind === 'care' ? access : undefined
  return {
    ...{ request, tokenId, ip, tokenExpiresAt, scopes: printScopes(access.scopes) },
    ...{ patient: care?.patient, grants: [...(care?.grants ?? [])] },
  }
}

/** As text; the digits of the body stay. */
export function printAsked({ request, ...rights }: Asked): string {
  const { body, rawBody, ...rest } = request
  return JSON.stringify({
    ...rights,
    request: rest,
    ...(body === undefined ? {} : { body: stringifyJson(body) }),
    ...(rawBody === undefined ? {} : { rawBody: rawBody.toString('base64') }),
  })
}

export function parseAsked(text: string): Asked {
  const { body, rawBody, request, tokenExpiresAt, ...rights } = JSON.parse(text) as Printed
  return {
    ...rights,
    tokenExpiresAt: tokenExpiresAt === undefined ? undefined : new Date(tokenExpiresAt),
    request: {
      ...request,
      ...{ ifMatch: request.ifMatch, ifNoneMatch: request.ifNoneMatch, ifNoneExist: request.ifNoneExist },
      contentType: request.contentType,
      ifModifiedSince: request.ifModifiedSince === undefined ? undefined : new Date(request.ifModifiedSince),
      body: body === undefined ? undefined : parseJson(body),
      rawBody: rawBody === undefined ? undefined : Buffer.from(rawBody, 'base64'),
    },
  }
}

/** Dates are texts in it. */
type Printed = Omit<Asked, 'request' | 'tokenExpiresAt'> & {
  readonly request: Omit<FhirRequest, 'body' | 'rawBody' | 'ifModifiedSince'> & {
    readonly ifModifiedSince?: string
  }
  readonly tokenExpiresAt?: string
  readonly body?: string
  readonly rawBody?: string
}

/** The caller as he was when he asked; a permit as it is now. */
export function accessOf(
  asked: Asked,
  { clientId, userId }: { readonly clientId: string; readonly userId: string | undefined },
  permit: Permit | undefined,
  zone: string,
): Access {
  const { tokenId, ip, patient, grants } = asked
  const caller = { clientId, userId, tokenId, ip }
  const scopes = parseScopes(asked.scopes, zone)
  if (permit) return { kind: 'research', caller, scopes, permit }
  return { kind: 'care', caller, scopes, patient, grants: new Set(grants) } satisfies CareAccess
}

/**
 * Whether a token opens what was made under the rights of another one: it must hold all of its scopes,
 * or wider ones, for the same patient. A token renewed with the same scopes does.
 *
 * @throws FhirError 403
 */
export function demandCover(access: Access, asked: Asked, zone: string): void {
  const then = parseScopes(asked.scopes, zone)
  const isCovered = printScopes(narrow(then, access.scopes)) === printScopes(then)
  const isSamePatient =
    asked.patient === undefined || (access.kind === 'care' && access.patient === asked.patient)
  if (!isCovered || !isSamePatient) {
    throw FhirError.forbidden('the token does not reach as far as the one that this was asked with')
  }
}
