import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider'
import { createHash } from 'node:crypto'
import { Between, In, IsNull, LessThan, MoreThan, QueryFailedError, Repository } from 'typeorm'
import { Artifact, Session } from '../entities.ts'

/** SHA-256 of a token: all of it that is ever written down. */
export function hashOf(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}

/**
 * Where oidc-provider keeps what it issues. The database decides what happens once: an assertion is
 * spent by a plain INSERT, a code or refresh token by an UPDATE that only the first one can make.
 */
@Injectable()
export class ArtifactStore {
  constructor(
    @InjectRepository(Artifact) private readonly artifacts: Repository<Artifact>,
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
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
      revokeByGrantId: async (grantId) => void (await this.artifacts.delete({ grantId, model })),
      // look-ups of browser sessions and devices: no flow that has them is on
      findByUid: () => Promise.reject(new TypeError(`${model}: no look-up by uid`)),
      findByUserCode: () => Promise.reject(new TypeError(`${model}: no look-up by user code`)),
    }
  }

  private async find(model: string, id: string): Promise<AdapterPayload | undefined> {
    const found = await this.artifacts.findOneBy({
      idHash: hashOf(id),
      model,
      expiresAt: MoreThan(new Date()),
    })
    if (!found) return undefined
    const consumed = found.consumedAt ? { consumed: Math.floor(found.consumedAt.getTime() / 1000) } : {}
    return { ...found.payload, ...consumed, jti: id }
  }

  private async save(model: string, id: string, payload: AdapterPayload, seconds = 0): Promise<void> {
    const { jti: _, ...kept } = payload
    const row = {
      idHash: hashOf(id),
      model,
      clientId: payload.clientId ?? null,
      grantId: payload.grantId ?? null,
      payload: kept,
      expiresAt: new Date(Date.now() + seconds * 1000),
    }
    if (model === 'ReplayDetection') return this.spend(row)
    await this.artifacts.upsert(row, ['idHash'])
  }

  /** @throws InvalidClientAuth when it was spent before, by whichever process */
  private async spend(row: Parameters<Repository<Artifact>['insert']>[0]): Promise<void> {
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

/** When it is good no longer: what ends with a sign-in, at the end of it at the latest. */
export function endOf({ expiresAt, session }: Pick<Artifact, 'expiresAt' | 'session'>): Date {
  return session && session.expiresAt < expiresAt ? session.expiresAt : expiresAt
}

function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false
  const cause: unknown = error.driverError
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === '23505'
}
