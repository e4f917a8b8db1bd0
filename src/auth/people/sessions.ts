import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { SignJWT } from 'jose'
import { randomUUID } from 'node:crypto'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { MoreThan, Repository } from 'typeorm'
import { Settings } from '../../config.ts'
import { Keyring } from '../../identity/keyring.ts'
import { Session, type Person } from '../entities.ts'
import { baseOf } from '../fhir-base.ts'
import type { Role } from './person-record.ts'
import { settle, StrategyChain } from '../strategy-chain.ts'

/** Who is signed in. */
export interface CurrentPerson {
  readonly userId: string
  readonly name: string
  readonly roles: ReadonlySet<Role>
  readonly sessionId: string
  /** when a second factor was shown; undefined: the session was opened with a password alone */
  readonly secondFactorAt: Date | undefined
}

/** Half a working day. There is no renewal: people sign in again. */
export const sessionSeconds = 4 * 3600

/**
 * Sessions of people. The token is a JWT under a key of the keyring; it counts as long as its row is
 * there, so that signing out, and removing a person, take effect at once in every process.
 */
@Injectable()
export class Sessions {
  private readonly key: Buffer
  private readonly issuer: string
  private readonly audience: string
  private readonly chain: StrategyChain<CurrentPerson>

  constructor(
    @InjectRepository(Session) private readonly table: Repository<Session>,
    keyring: Keyring,
    settings: Settings,
  ) {
    this.key = keyring.derive('session')
    this.issuer = baseOf(settings.publicUrl, undefined).authUrl
    this.audience = `${settings.publicUrl}/governance`
    this.chain = new StrategyChain([this.strategy()])
  }

  /** Opens a session. @returns its token, good for {@link sessionSeconds} */
  async open(
    person: Person,
    now = Date.now(),
    id: string = randomUUID(),
    withSecondFactor = false,
  ): Promise<string> {
    const seconds = Math.floor(now / 1000)
    await this.table.insert({
      ...{ id, username: person.username },
      secondFactorAt: withSecondFactor ? new Date(now) : null,
      expiresAt: new Date((seconds + sessionSeconds) * 1000),
    })
    return new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(this.issuer)
      .setAudience(this.audience)
      .setSubject(person.username)
      .setJti(id)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + sessionSeconds)
      .sign(this.key)
  }

  async close(sessionId: string): Promise<void> {
    await this.table.delete({ id: sessionId })
  }

  /** The person whose session token this is; undefined when it is none, or no longer. */
  async authenticate(authorization: string | undefined): Promise<CurrentPerson | undefined> {
    if (authorization === undefined) return undefined
    return this.chain.authenticate({ headers: { authorization }, base: undefined })
  }

  /** The person whose session token a Cookie header holds; undefined when there is none, or no longer. */
  async ofCookie(header: string | undefined): Promise<CurrentPerson | undefined> {
    const [, token] = /(?:^|;\s*)coffre_session=([A-Za-z0-9._-]+)/.exec(header ?? '') ?? []
    return token === undefined ? undefined : this.authenticate(`Bearer ${token}`)
  }

  private strategy(): Strategy {
    return new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKey: this.key,
        issuer: this.issuer,
        audience: this.audience,
        algorithms: ['HS256'],
      },
      (claims: { jti?: unknown }, done: (error: unknown, person?: CurrentPerson | false) => void) =>
        settle(this.find(claims.jti), done),
    )
  }

  private async find(id: unknown): Promise<CurrentPerson | undefined> {
    if (typeof id !== 'string') return undefined
    const session = await this.table.findOne({
      where: { id, expiresAt: MoreThan(new Date()) },
      relations: { person: true },
    })
    if (!session?.person) return undefined
    const { username, name, roles } = session.person
    const secondFactorAt = session.secondFactorAt ?? undefined
    return { userId: username, name, roles: new Set(roles), sessionId: id, secondFactorAt }
  }
}
