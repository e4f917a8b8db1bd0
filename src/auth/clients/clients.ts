import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { plainToInstance } from 'class-transformer'
import type { JWK } from 'jose'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { In, MoreThan, Repository } from 'typeorm'
import { parseScopes, printScopes, type Scope } from '../../access/scope.ts'
import { Settings, SettingsError } from '../../config.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { ClientMetadata } from './client-metadata.ts'
import { Client } from '../entities.ts'
import { isLaunchWord } from '../oauth/launch-words.ts'
import { KeySets, selectKey, type KeyHint } from './key-sets.ts'
import { readSettingsFile } from '../settings-file.ts'

const setting = 'COFFRE_CLIENTS_FILE'

/** The registered clients: their policy and their keys. */
@Injectable()
export class Clients {
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
   * @throws FhirError 400 that names the member that is wrong
   */
  async save(metadata: ClientMetadata): Promise<Client> {
    const { scope, fault } = policyOf(metadata, this.settings.zone)
    if (fault !== undefined) throw FhirError.invalid(fault, fault.slice(0, fault.indexOf(':')))
    const { client_id: clientId, grants = [] } = metadata
    const client = { clientId, metadata, scope, grants }
    await this.table.upsert(client, ['clientId'])
    return client
  }

  /**
   * Gives a client that shows a secret a new one; the one before is good no longer.
   *
   * @returns the secret: it is shown here and kept nowhere; undefined when it is not such a client
   */
  async renewSecret(clientId: string): Promise<string | undefined> {
    const client = await this.find(clientId)
    if (client === undefined || this.metadata(client).client_secret_hash === undefined) return undefined
    const secret = randomBytes(32).toString('base64url')
    const hash = createHash('sha256').update(secret).digest('hex')
    await this.table.update({ clientId }, { metadata: { ...client.metadata, client_secret_hash: hash } })
    return secret
  }

  /** Takes a client away, and with it all that was issued to it. @returns false when there was none */
  async remove(clientId: string): Promise<boolean> {
    return (await this.table.delete({ clientId })).affected === 1
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
    return timingSafeEqual(createHash('sha256').update(secret).digest(), Buffer.from(expected, 'hex'))
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

/** The client's scopes in canonical form, or what is wrong with the registration as a whole. */
function policyOf(metadata: ClientMetadata, zone: string): { scope: string; fault?: string } {
  const method = metadata.token_endpoint_auth_method ?? 'private_key_jwt'
  const keySets = [metadata.jwks, metadata.jwks_uri].filter((one) => one !== undefined).length
  if (method === 'private_key_jwt' && keySets !== 1) {
    return { scope: '', fault: 'jwks: this or jwks_uri is needed, and not both' }
  }
  const grants = metadata.grant_types ?? ['client_credentials']
  if (method !== 'private_key_jwt' && grants.includes('client_credentials')) {
    return { scope: '', fault: 'grant_types: client_credentials is for clients with a key' }
  }
  if (grants.includes('authorization_code') !== (metadata.redirect_uris ?? []).length > 0) {
    return { scope: '', fault: 'redirect_uris: go with the grant authorization_code' }
  }
  if ((method === 'client_secret_basic') !== (metadata.client_secret_hash !== undefined)) {
    return { scope: '', fault: 'client_secret_hash: goes with client_secret_basic' }
  }
  const tokens = metadata.scope.split(' ').filter((token) => token !== '' && !isLaunchWord(token))
  const scopes = parseScopes(metadata.scope, zone)
  if (metadata.scope.trim() === '' || scopes.length < tokens.length) {
    return { scope: '', fault: 'scope: holds what is no SMART scope' }
  }
  return { scope: printScopes(scopes) }
}
