import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { Trail } from '../../audit/trail.ts'
import type { Person } from '../entities.ts'
import { People } from './people.ts'
import { Sessions, type CurrentPerson } from './sessions.ts'

/** Through which people come and go, each time on record. */
@Injectable()
export class SignIns {
  constructor(
    private readonly people: People,
    private readonly sessions: Sessions,
    private readonly trail: Trail,
  ) {}

  /**
   * @returns the token of a new session; undefined when name and password do not belong together, or the
   *   account is locked. That too is on record: with the account's name where there is one, and never with
   *   what was typed, which may be a password in the wrong field
   */
  async signIn(username: string, password: string, ip: string | undefined): Promise<string | undefined> {
    const person = await this.people.identify(username, password)
    if (!person) {
      const known = (await this.people.names([username])).has(username)
      await this.record('login', 'refused', known ? username : undefined, '', ip)
      return undefined
    }
    return this.open(person, ip)
  }

  async signOut({ userId, sessionId }: CurrentPerson, ip: string | undefined): Promise<void> {
    await this.sessions.close(sessionId)
    await this.record('logout', 'success', userId, sessionId, ip)
  }

  private async open(person: Person, ip: string | undefined): Promise<string> {
    const sessionId = randomUUID()
    const token = await this.sessions.open(person, Date.now(), sessionId)
    await this.record('login', 'success', person.username, sessionId, ip)
    return token
  }

  private record(
    interaction: 'login' | 'logout',
    outcome: 'success' | 'refused',
    userId: string | undefined,
    tokenId: string,
    ip: string | undefined,
  ): Promise<void> {
    return this.trail.record({
      ...{ action: 'E', interaction, outcome, base: '/auth', entities: [], patients: [] },
      access: { caller: { clientId: 'coffre-console', userId, tokenId, ip } },
      at: new Date(),
    })
  }
}
