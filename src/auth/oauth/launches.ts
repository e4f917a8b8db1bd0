import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { randomBytes } from 'node:crypto'
import { IsNull, MoreThan, Repository } from 'typeorm'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { Artifact } from '../entities.ts'
import { hashOf } from '../hash.ts'
import { contextOf, type LaunchContext } from './launch-context.ts'

/** From the click in the EHR to the app's authorization request. */
export const launchSeconds = 300
/** For a person to sign in, choose and consent. */
export const interactionSeconds = 20 * 60

const model = 'Launch'

/** What an EHR said when it launched an app. */
export interface Launch {
  readonly clientId: string
  readonly username: string
  readonly context: LaunchContext
}

/** Launches by EHRs: each has a handle that its app may show once. @see SMART App Launch 2.2 § EHR launch */
@Injectable()
export class Launches {
  constructor(
    @InjectRepository(Artifact) private readonly table: Repository<Artifact>,
    private readonly seal: AuthSeal,
  ) {}

  /** @returns the handle, good for {@link launchSeconds} */
  async open({ clientId, username, context }: Launch, now = Date.now()): Promise<string> {
    const handle = randomBytes(32).toString('base64url')
    const idHash = hashOf(handle)
    await this.table.insert({
      ...{ idHash, model, clientId, username, payload: {} },
      context: this.seal.seal(context, sealedPlace.context(idHash)),
      expiresAt: new Date(now + launchSeconds * 1000),
    })
    return handle
  }

  /** Spends a handle. @returns false when it is not this client's, was spent before, or has ended */
  async spend(handle: string, clientId: string, now = new Date()): Promise<boolean> {
    const spent = await this.table.update(
      { idHash: hashOf(handle), model, clientId, consumedAt: IsNull(), expiresAt: MoreThan(now) },
      { consumedAt: now, expiresAt: new Date(now.getTime() + interactionSeconds * 1000) },
    )
    return spent.affected === 1
  }

  /** What was launched with a handle that is spent, for the authorization that spent it. */
  async spent(handle: string, clientId: string): Promise<Launch | undefined> {
    const where = { idHash: hashOf(handle), model, clientId, expiresAt: MoreThan(new Date()) }
    const found = await this.table.findOneBy(where)
    if (!found?.consumedAt || found.context === null || found.username === null) return undefined
    return { clientId, username: found.username, context: contextOf(this.seal, found) }
  }
}
