import type { Access } from '../access/access.ts'
import type { DemandValid } from '../fhir/validation/validation-level.ts'
import type { Gate } from '../governance/gate.ts'
import type { Store } from '../store/store.ts'
import type { Accessed, Answer } from './answer.ts'
import type { PageSeal } from './page.ts'

/** What every interaction needs beside its request. Made once per HTTP request, handed down by value. */
export interface Context {
  readonly store: Store
  readonly gate: Gate
  readonly access: Access
  /** the FHIR base, absolute, without a trailing slash: `https://…/fhir` */
  readonly base: string
  /** the hospital's time zone, in which partial dates are read */
  readonly zone: string
  readonly pages: PageSeal
  /** what is written must pass it first */
  readonly demandValid: DemandValid
  /** URLs that the endpoint of a Subscription may begin with; `[]`: none is served */
  readonly notifiable: readonly string[]
  /**
   * Puts accesses on record. Called as the last step before a commit: what cannot be recorded is not done,
   * and nothing is ever done without its event.
   */
  record(accesses: readonly Accessed[]): Promise<void>
  /** the clock: a version gets its time after it has waited for its lock, not when the request came */
  now(): Date
}

/** What `parseQuery` needs of it. */
export function parseOptions(context: Context, handling: 'strict' | 'lenient') {
  return { zone: context.zone, base: context.base, now: context.now().getTime(), handling }
}

/** Records what an interaction did, while its transaction is still open; nothing of it is left to record. */
export async function onRecord(context: Context, answer: Answer): Promise<Answer> {
  await context.record(answer.accesses)
  return { ...answer, accesses: [] }
}
