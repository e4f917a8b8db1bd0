import { restrict, type CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import { parseJson, type Resource } from '../../src/fhir/json.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { lock } from '../../src/store/lock.ts'
import { currents, lastVersions, save } from '../../src/store/resources.ts'
import { search } from '../../src/store/search.ts'
import { Store } from '../../src/store/store.ts'
import { base, parse, strict } from './search.ts'

const { zone } = strict
const names = ['one', 'two']

/** Two Patients who are always written together, their clinical rows on one server and the vault on another. */
export class SplitWorld {
  readonly store: Store
  private readonly gate: Gate

  constructor(url: string, vaultUrl: string, keyringFile: string) {
    this.store = new Store(url, 4, vaultUrl)
    const keyring = openKeyring(keyringFile)
    // nothing here asks for permits
    this.gate = new Gate(new Vault(keyring), {} as Permits, keyring, zone, base)
  }

  /** Gives both the same new family name, in one transaction. */
  async write(family: string): Promise<void> {
    await this.store.transaction('care', async (tx) => {
      const places = await this.gate.claim(
        tx,
        names.map((id) => ({ type: 'Patient', id })),
      )
      await lock(tx, places)
      const last = new Map((await lastVersions(tx, places)).map(({ id, version }) => [id, version]))
      const updatedAt = new Date()
      const inputs = names.map((id, at) => {
        const version = (last.get(places[at]?.id ?? '') ?? 0) + 1
        const meta = { versionId: String(version), lastUpdated: updatedAt.toISOString() }
        const resource = { resourceType: 'Patient', id, meta, name: [{ family }] } as Resource
        return { resource, version, updatedAt, method: 'PUT' as const }
      })
      await save(tx, await this.gate.admit(tx, inputs))
    })
  }

  /** The family names of both, as they are read. */
  async families(): Promise<string[]> {
    return this.store.snapshot('care', async (tx) => {
      const places = await this.gate.claim(
        tx,
        names.map((id) => ({ type: 'Patient', id })),
      )
      const released = await this.gate.release(tx, access, await currents(tx, places))
      return released.map(({ text }) => familyOf(parseJson(text)))
    })
  }

  /** Who is found by a family name. */
  async found(family: string): Promise<string[]> {
    return this.store.snapshot('care', async (tx) => {
      const { query } = parse(`Patient?family:exact=${family}`)
      const { rows } = await search(tx, await this.gate.prepare(tx, restrict(access, query)), { limit: 10 })
      return (await this.gate.release(tx, access, rows)).map(({ id }) => id).sort()
    })
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

const access: CareAccess = {
  kind: 'care',
  caller: { clientId: 'ehr', userId: undefined, tokenId: 't', ip: undefined },
  scopes: parseScopes('system/*.cruds', zone),
  patient: undefined,
  grants: new Set(),
}

function familyOf(resource: unknown): string {
  const [name] = (resource as { name: { family: string }[] }).name
  return name?.family ?? ''
}
