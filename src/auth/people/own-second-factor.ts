import { Injectable } from '@nestjs/common'
import { Trail } from '../../audit/trail.ts'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { accountEvent } from './account-event.ts'
import { People } from './people.ts'
import { SecondFactors, type ProposedTotp } from './second-factors.ts'
import type { CurrentPerson } from './sessions.ts'

/** What somebody is shown to set up an app with; `sealed` comes back with the app's first code. */
export interface Proposal extends ProposedTotp {
  readonly sealed: string
}

const proposalMinutes = 15

/**
 * How people add and remove their second factor. An open session is not enough: adding asks for the password,
 * removing for a code, and what is wrong counts towards the lock. Both go on record.
 */
@Injectable()
export class OwnSecondFactor {
  constructor(
    private readonly people: People,
    private readonly factors: SecondFactors,
    private readonly seal: AuthSeal,
    private readonly trail: Trail,
  ) {}

  /** @returns undefined when the password is wrong, or the account is locked */
  async propose({ userId }: CurrentPerson, password: string): Promise<Proposal | undefined> {
    if (!(await this.people.identify(userId, password))) return undefined
    if (!(await this.factors.isAsked(userId))) await this.people.forgetFailures(userId)
    const { secret, uri } = this.factors.propose(userId)
    const until = Date.now() + proposalMinutes * 60_000
    const sealed = this.seal.seal({ secret, until }, sealedPlace.proposedTotp(userId))
    return { secret, uri, sealed: sealed.toString('base64url') }
  }

  /** What was proposed, to be shown again; undefined when it was not, not to this person, or too long ago. */
  proposed({ userId }: CurrentPerson, sealed: string): Proposal | undefined {
    try {
      const opened = this.seal.open(Buffer.from(sealed, 'base64url'), sealedPlace.proposedTotp(userId))
      const { secret, until } = opened as { secret: string; until: number } // what propose sealed
      return until > Date.now() ? { secret, uri: this.factors.uri(userId, secret), sealed } : undefined
    } catch {
      return undefined
    }
  }

  /** @returns recovery codes, to be shown once; undefined when the code is wrong, or there is an app already */
  async confirm(
    person: CurrentPerson,
    { secret }: Proposal,
    code: string,
    ip: string | undefined,
  ): Promise<readonly string[] | undefined> {
    const codes = await this.factors.add(person.userId, secret, code)
    await this.record('second-factor-add', codes !== undefined, person, ip)
    return codes
  }

  /** @returns whether the code was right */
  async remove(person: CurrentPerson, code: string, ip: string | undefined): Promise<boolean> {
    const { userId } = person
    const isRight = !!(await this.people.attempt(userId)) && (await this.factors.take(userId, code))
    if (isRight) {
      await this.people.forgetFailures(userId)
      await this.factors.remove(userId)
    }
    await this.record('second-factor-remove', isRight, person, ip)
    return isRight
  }

  private record(
    interaction: 'second-factor-add' | 'second-factor-remove',
    isDone: boolean,
    { userId, sessionId }: CurrentPerson,
    ip: string | undefined,
  ): Promise<void> {
    const outcome = isDone ? 'success' : 'refused'
    return this.trail.record(accountEvent({ action: 'U', interaction, outcome, userId, sessionId, ip }))
  }
}
