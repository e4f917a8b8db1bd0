import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { plainToInstance } from 'class-transformer'
import type { JWK } from 'jose'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { In, MoreThan, Repository } from 'typeorm'
import { parseScopes, type Scope } from '../../access/scope.ts'
import { Settings, SettingsError } from '../../config.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { ClientMetadata } from './client-metadata.ts'
import { Client } from '../entities.ts'
import { hashOf } from '../hash.ts'
import { KeySets, selectKey, type KeyHint } from './key-sets.ts'
import { policyOf } from './policy.ts'
import { readSettingsFile } from '../settings-file.ts'

const setting = 'COFFRE_CLIENTS_FILE'

/** The registered clients: their policy and their keys. */
@Injectable()
export class Clients {
  /** ids of the clients file: what is changed beside it would come back with the next start */
  private fromFile: ReadonlySet<string> = new Set()

  constructor(
    @InjectRepository(Client) private readonly table: Repository<Client>,
    private readonly keySets: KeySets,
    private readonly settings: Settings,
  ) {}

  /** Brings the clients of `COFFRE_CLIENTS_FILE` into the table. @throws SettingsError when one is wrong */
  async register(): Promise<void> {
    const file = this.settings.COFFRE_CLIENTS_FILE
    if (file === undefined) return
    const clients = readSettingsFile(setting, file, ClientMetadata).map((metadata, index) => {
      const { scope, fault } = policyOf(metadata, this.settings.zone)
      if (fault !== undefined) throw new SettingsError(`${setting}: entry ${index + 1}: ${fault}`)
      return { clientId: metadata.client_id, metadata, scope, grants: metadata.grants ?? [] }
    })
    if (new Set(clients.map((client) => client.clientId)).size < clients.length) {
      throw new SettingsError(`${setting}: a client_id that is there twice`)
    }
    if (clients.length > 0) await this.table.upsert(clients, ['clientId'])
    this.fromFile = new Set(clients.map(({ clientId }) => clientId))
  }

  async find(clientId: string): Promise<Client | undefined> {
    return (await this.table.findOneBy({ clientId })) ?? undefined
  }

  /** In the order of their ids. @param page `after`: the last one of the page before */
  list(page: { readonly limit: number; readonly after?: string | undefined }): Promise<Client[]> {
    const where = page.after === undefined ? {} : { clientId: MoreThan(page.after) }
    return this.table.find({ where, order: { clientId: 'ASC' }, take: page.limit })
  }

  /**
   * Registers a client, or changes its registration. It counts at once, for tokens that it has as well.
   *
   * @throws FhirError 400 that names the member that is wrong; 409 for a client of the clients file
   */
  async save(metadata: ClientMetadata): Promise<Client> {
    const { client_id: clientId, grants = [] } = metadata
    this.demandOwn(clientId)
    const { scope, fault } = policyOf(metadata, this.settings.zone)
    if (fault !== undefined) throw FhirError.invalid(fault, fault.slice(0, fault.indexOf(':')))
    const client = { clientId, metadata, scope, grants }
    await this.table.upsert(client, ['clientId'])
    return client
  }

  /**
   * Gives a client that shows a secret a new one; the one before is good no longer.
   *
   * @returns the secret: it is shown here and kept nowhere; undefined when it is not such a client
   * @throws FhirError 409 for a client of the clients file
   */
  async renewSecret(clientId: string): Promise<string | undefined> {
    this.demandOwn(clientId)
    const secret = randomBytes(32).toString('base64url')
    const renewed = await this.table
      .createQueryBuilder()
      .update()
      .set({ metadata: () => `jsonb_set(metadata, '{client_secret_hash}', to_jsonb(:hash::text))` })
      .where(`client_id = :clientId AND jsonb_exists(metadata, 'client_secret_hash')`)
      .setParameters({ clientId, hash: hashOf(secret).toString('hex') })
      .execute()
    return renewed.affected === 1 ? secret : undefined
  }

  /**
   * Takes a client away, and with it all that was issued to it.
   *
   * @returns false when there was none
   * @throws FhirError 409 for a client of the clients file
   */
  async remove(clientId: string): Promise<boolean> {
    this.demandOwn(clientId)
    return (await this.table.delete({ clientId })).affected === 1
  }

  private demandOwn(clientId: string): void {
    if (this.fromFile.has(clientId)) throw FhirError.conflict(`a client of ${setting}: it is changed there`)
  }

  /** What people call clients, by id; one that says nothing about itself is left out. */
  async names(clientIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const clients = await this.table.findBy({ clientId: In([...clientIds]) })
    return new Map(
      clients.flatMap((client) => {
        const name = this.metadata(client).client_name
        return name === undefined ? [] : [[client.clientId, name] as const]
      }),
    )
  }

  /** What this client may be granted at most. */
  policy(client: Client): readonly Scope[] {
    return this.readScopes(client.scope)
  }

  /** The clinical scopes of a scope string, dates in them read in the hospital's zone. */
  readScopes(text: string): readonly Scope[] {
    return parseScopes(text, this.settings.zone)
  }

  /** Whether this is the secret of a client that has one. */
  async isSecretOf(clientId: string, secret: string): Promise<boolean> {
    const client = await this.find(clientId)
    const expected = client && this.metadata(client).client_secret_hash
    if (expected === undefined) return false
    return timingSafeEqual(hashOf(secret), Buffer.from(expected, 'hex'))
  }

  metadata(client: Client): ClientMetadata {
    return plainToInstance(ClientMetadata, client.metadata)
  }

  /**
   * The registered key that a client's assertion must be signed with.
   *
   * @param hint from the assertion's header; a `jku` counts only when it is the registered one
   */
  async key(client: Client, hint: KeyHint & { readonly jku?: unknown }): Promise<JWK | undefined> {
    const { jwks, jwks_uri: uri } = this.metadata(client)
    if (hint.jku !== undefined && hint.jku !== uri) return undefined
    if (uri !== undefined) return this.keySets.find(uri, hint)
    return selectKey(jwks?.keys ?? [], hint)
  }
}
