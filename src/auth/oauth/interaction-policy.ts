import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import type { CurrentPerson } from '../people/sessions.ts'
import type { AuthorizationRequest } from './authorization-requests.ts'

/** What the steps are decided by. */
export interface PolicySource {
  /** who is signed in at the browser, by the session cookie */
  person(ctx: KoaContextWithOIDC): Promise<CurrentPerson | undefined>
  request(ctx: KoaContextWithOIDC): Promise<AuthorizationRequest>
}

/**
 * The steps of an authorization, in their order: somebody signs in, a patient is chosen where one is
 * needed, and it is consented to. Consent is asked for each time: nothing is granted behind a person's back.
 */
export function smartPolicy(source: PolicySource): interactionPolicy.DefaultPolicy {
  const { Check, Prompt, base } = interactionPolicy
  const policy = base()
  policy.clear()
  policy.add(
    new Prompt(
      { name: 'login', requestable: false },
      new Check('not_signed_in', 'somebody has to sign in', (ctx) => needsLogin(source, ctx)),
    ),
  )
  policy.add(
    new Prompt(
      { name: 'patient', requestable: false },
      new Check('no_patient', 'a patient has to be chosen', async (ctx) => {
        return (await source.request(ctx)).needsPatient
      }),
    ),
  )
  policy.add(
    new Prompt(
      { name: 'consent', requestable: true },
      new Check('no_consent', 'it has to be consented to', async (ctx) => {
        if (ctx.oidc.result?.consent !== undefined) return false
        demandSomething(await source.request(ctx))
        return true
      }),
    ),
  )
  return policy
}

/** The session cookie decides: where it is gone, or of somebody else, the library's own session counts for nothing. */
async function needsLogin(source: PolicySource, ctx: KoaContextWithOIDC): Promise<boolean> {
  const person = await source.person(ctx)
  if (!person || ctx.oidc.session?.accountId !== person.userId) return true
  const { launch } = await source.request(ctx)
  return launch !== undefined && launch.username !== person.userId
}

/** @throws InvalidScope when all that is left to grant is nothing */
function demandSomething({ scopes, emergency, words }: AuthorizationRequest): void {
  if (scopes.length + emergency.length === 0 && !words.includes('openid')) {
    throw new errors.InvalidScope('no scope that this client and this person may have here', '')
  }
}
