import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider'
import {
  Between,
  In,
  IsNull,
  LessThan,
  MoreThan,
  QueryFailedError,
  Repository,
  type EntityManager,
} from 'typeorm'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { Artifact, Session } from '../entities.ts'
import { hashOf } from '../hash.ts'
import { contextOf, type LaunchContext } from './launch-context.ts'

/** As long as this the redemption that came first may be under way: who comes second is refused, no more. */
export const redemptionSeconds = 5

/**
 * Where oidc-provider keeps what it issues. The database decides what happens once: an assertion is
 * spent by a plain INSERT, a code or refresh token by an UPDATE that only the first one can make.
 */
@Injectable()
export class ArtifactStore {
  constructor(
    @InjectRepository(Artifact) private readonly artifacts: Repository<Artifact>,
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly seal: AuthSeal,
  ) {}

  /** The access token with this value, and whose it is; undefined when unknown, revoked or expired. */
  async accessToken(value: string, now = new Date()): Promise<Artifact | undefined> {
    const found = await this.artifacts.findOne({
      where: {
        idHash: hashOf(value),
        model: In(['AccessToken', 'ClientCredentials']),
        expiresAt: MoreThan(now),
      },
      relations: { client: true, person: true, session: true },
    })
    return found && endOf(found) > now ? found : undefined
  }

  /** When the token ends whose hash begins with these 16 bytes; undefined when revoked, expired or not ours. */
  async expiry(hashStart: Buffer, now = new Date()): Promise<Date | undefined> {
    const padded = (byte: number) => Buffer.concat([hashStart, Buffer.alloc(16, byte)])
    const where = { idHash: Between(padded(0x00), padded(0xff)), expiresAt: MoreThan(now) }
    const found = await this.artifacts.findOne({ where, relations: { session: true } })
    return found && endOf(found) > now ? endOf(found) : undefined
  }

  /** Deletes what has expired: nothing in it can be used any more. */
  async sweep(now = new Date()): Promise<void> {
    await this.artifacts.delete({ expiresAt: LessThan(now) })
    await this.sessions.delete({ expiresAt: LessThan(now) })
  }

  /** The library's storage interface for one of its models. `Client` is not one of them: see `Clients`. */
  adapter(model: string): Adapter {
    return {
      upsert: (id, payload, expiresInSeconds) => this.save(model, id, payload, expiresInSeconds),
      find: (id) => this.find(model, id),
      consume: (id) => this.consume(model, id),
      destroy: async (id) => void (await this.artifacts.delete({ idHash: hashOf(id), model })),
      // the library goes through the models one by one; what belongs together goes together
      revokeByGrantId: (grantId) => this.revokeGrant(grantId),
      findByUid: (uid) => this.findBy({ uid, model }),
      findByUserCode: () => Promise.reject(new TypeError(`${model}: no look-up by user code`)),
    }
  }

  /** Keeps what the library does not know of a grant: with which sign-in it ends, and its context. */
  async bindGrant(grantId: string, sessionId: string | null, context: LaunchContext): Promise<void> {
    const idHash = hashOf(grantId)
    const sealed = this.seal.seal(context, sealedPlace.context(idHash))
    await this.artifacts.update({ idHash, model: 'Grant' }, { sessionId, context: sealed })
  }

  /** The context that a grant was given in; undefined when it was revoked, or has ended. */
  async contextOfGrant(grantId: string): Promise<LaunchContext | undefined> {
    const grant = await this.artifacts.findOneBy({ idHash: hashOf(grantId), model: 'Grant' })
    return grant ? contextOf(this.seal, grant) : undefined
  }

  /** A refresh token that was issued and not yet used, of whichever client; undefined: there is none. */
  async refreshToken(value: string): Promise<{ clientId: string; scope: string } | undefined> {
    const found = await this.find('RefreshToken', value)
    return found?.clientId === undefined || found.consumed !== undefined
      ? undefined
      : { clientId: found.clientId, scope: found.scope ?? '' }
  }

  /** Takes back all that was issued by a grant, what is being issued at this moment included. */
  async revokeGrant(grantId: string): Promise<void> {
    // whoever issues holds the grant's row: this waits for them, and what comes later finds no grant
    await this.artifacts.delete({ idHash: hashOf(grantId), model: 'Grant' })
    await this.artifacts.delete({ grantId })
  }

  private async find(model: string, id: string): Promise<AdapterPayload | undefined> {
    const payload = await this.findBy({ idHash: hashOf(id), model })
    return payload && { ...payload, jti: id }
  }

  private async findBy(where: {
    model: string
    idHash?: Buffer
    uid?: string
  }): Promise<AdapterPayload | undefined> {
    const now = new Date()
    const found = await this.artifacts.findOne({
      where: { ...where, expiresAt: MoreThan(now) },
      relations: { session: true },
    })
    if (!found || endOf(found) <= now || isBeingRedeemed(found, now)) return undefined
    const consumed = found.consumedAt ? { consumed: seconds(found.consumedAt) } : {}
    return { ...found.payload, ...consumed, exp: seconds(endOf(found)) }
  }

  private async save(model: string, id: string, payload: AdapterPayload, lifeSeconds = 0): Promise<void> {
    const { jti: _, ...kept } = payload
    const row = {
      idHash: hashOf(id),
      model,
      clientId: payload.clientId ?? null,
      grantId: model === 'Grant' ? id : (payload.grantId ?? null),
      uid: payload.uid ?? null,
      username: payload.accountId ?? null,
      payload: kept,
      expiresAt: new Date(Date.now() + lifeSeconds * 1000),
    }
    if (model === 'ReplayDetection') return this.spend(row)
    if (payload.grantId === undefined || !ofGrant.has(model)) return void (await this.upsert(row))
    await this.artifacts.manager.transaction((tx) => this.saveOfGrant(tx, row, payload.grantId ?? ''))
  }

  /** What a grant gives has its context, ends with it, and is written while nobody can revoke it. */
  private async saveOfGrant(tx: EntityManager, row: Row, grantId: string): Promise<void> {
    const grant = await tx.findOne(Artifact, {
      where: { idHash: hashOf(grantId), model: 'Grant' },
      lock: { mode: 'pessimistic_write' },
    })
    if (!grant) throw new errors.InvalidGrant('the grant was revoked')
    const context = this.seal.seal(contextOf(this.seal, grant), sealedPlace.context(row.idHash))
    await this.upsert({ ...row, context, sessionId: grant.sessionId }, tx.getRepository(Artifact))
    // a refresh token is renewed by its use, and the grant with it
    if (row.expiresAt > grant.expiresAt && row.model === 'RefreshToken') {
      await tx.update(Artifact, { idHash: grant.idHash }, { expiresAt: row.expiresAt })
    }
  }

  private async upsert(row: Row, table = this.artifacts): Promise<void> {
    await table.upsert(row, ['idHash'])
  }

  /** @throws InvalidClientAuth when it was spent before, by whichever process */
  private async spend(row: Row): Promise<void> {
    try {
      await this.artifacts.insert(row)
    } catch (error) {
      if (isUniqueViolation(error)) throw new errors.InvalidClientAuth('the assertion was used before')
      throw error
    }
  }

  /** @throws InvalidGrant when it was used before, by whichever process */
  private async consume(model: string, id: string): Promise<void> {
    const first = await this.artifacts.update(
      { idHash: hashOf(id), model, consumedAt: IsNull() },
      { consumedAt: new Date() },
    )
    if (first.affected !== 1) throw new errors.InvalidGrant('used before')
  }
}

type Row = Pick<Artifact, 'idHash' | 'model' | 'clientId' | 'grantId' | 'payload' | 'expiresAt'> &
  Partial<Pick<Artifact, 'uid' | 'username' | 'context' | 'sessionId'>>

/** What is issued on the strength of a grant. */
const ofGrant: ReadonlySet<string> = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken'])

const seconds = (date: Date) => Math.floor(date.getTime() / 1000)

/** Used just now: the library would take whoever is a moment late for a thief, and revoke what was issued. */
function isBeingRedeemed({ consumedAt }: Artifact, now: Date): boolean {
  return consumedAt !== null && now.getTime() - consumedAt.getTime() < redemptionSeconds * 1000
}

/** When it is good no longer: what ends with a sign-in, at the end of it at the latest. */
export function endOf({ expiresAt, session }: Pick<Artifact, 'expiresAt' | 'session'>): Date {
  return session && session.expiresAt < expiresAt ? session.expiresAt : expiresAt
}

function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false
  const cause: unknown = error.driverError
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === '23505'
}
