import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { Trail } from '../../audit/trail.ts'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import type { Person } from '../entities.ts'
import { accountEvent } from './account-event.ts'
import { AddressLimit } from './address-limit.ts'
import { People } from './people.ts'
import { SecondFactors } from './second-factors.ts'
import { Sessions, type CurrentPerson } from './sessions.ts'

/** How far somebody came who wants to sign in. */
export type SignIn =
  | { readonly kind: 'open'; readonly token: string }
  /** the password was right; `waiting` is what `enterCode` goes on from */
  | { readonly kind: 'code'; readonly waiting: string }
  | { readonly kind: 'refused' }

/** Between the password and the code. */
const waitingMinutes = 5

const refused: SignIn = { kind: 'refused' }

/** Through which people come and go, each time on record. */
@Injectable()
export class SignIns {
  constructor(
    private readonly people: People,
    private readonly factors: SecondFactors,
    private readonly sessions: Sessions,
    private readonly trail: Trail,
    private readonly seal: AuthSeal,
    private readonly addresses: AddressLimit,
  ) {}

  /**
   * @returns refused when name and password do not belong together, or the account is locked. That too is
   *   on record: with the account's name where there is one, and never with what was typed, which may be a
   *   password in the wrong field
   * @throws FhirError 429 when too many sign-ins from this address have failed
   */
  async signIn(username: string, password: string, ip: string | undefined): Promise<SignIn> {
    this.addresses.demand(ip)
    const person = await this.people.identify(username, password)
    if (!person) {
      this.addresses.failed(ip)
      const known = (await this.people.names([username])).has(username)
      await this.record('login', 'refused', known ? username : undefined, '', ip)
      return refused
    }
    if (!(await this.factors.isAsked(username))) return this.open(person, ip, false)
    const until = Date.now() + waitingMinutes * 60_000
    const sealed = this.seal.seal({ username, until }, sealedPlace.passwordShown())
    return { kind: 'code', waiting: sealed.toString('base64url') }
  }

  /**
   * Goes on with a sign-in. A wrong code counts towards the lock as a wrong password does, and a right
   * password takes nothing from that count: who knows the password gets no more guesses at the code.
   */
  async enterCode(waiting: string, code: string, ip: string | undefined): Promise<SignIn> {
    const username = this.whoWaits(waiting)
    if (username === undefined) return refused
    this.addresses.demand(ip)
    const person = await this.people.attempt(username)
    if (!person || !(await this.factors.take(username, code))) {
      this.addresses.failed(ip)
      await this.record('login', 'refused', username, '', ip)
      return refused
    }
    return this.open(person, ip, true)
  }

  async signOut({ userId, sessionId }: CurrentPerson, ip: string | undefined): Promise<void> {
    await this.sessions.close(sessionId)
    await this.record('logout', 'success', userId, sessionId, ip)
  }

  /** @returns undefined when it was not us who wrote it, or too long ago */
  private whoWaits(waiting: string): string | undefined {
    try {
      const opened = this.seal.open(Buffer.from(waiting, 'base64url'), sealedPlace.passwordShown())
      const { username, until } = opened as { username: string; until: number } // what signIn sealed
      return until > Date.now() ? username : undefined
    } catch {
      return undefined
    }
  }

  private async open(person: Person, ip: string | undefined, withSecondFactor: boolean): Promise<SignIn> {
    await this.people.forgetFailures(person.username)
    const sessionId = randomUUID()
    const token = await this.sessions.open(person, Date.now(), sessionId, withSecondFactor)
    await this.record('login', 'success', person.username, sessionId, ip)
    return { kind: 'open', token }
  }

  private record(
    interaction: 'login' | 'logout',
    outcome: 'success' | 'refused',
    userId: string | undefined,
    sessionId: string,
    ip: string | undefined,
  ): Promise<void> {
    return this.trail.record(accountEvent({ action: 'E', interaction, outcome, userId, sessionId, ip }))
  }
}
