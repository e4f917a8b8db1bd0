import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import { Trail } from '../../src/audit/trail.ts'
import { Exports } from '../../src/export/exports.ts'
import { parseKickoff, type Level, type Parameter } from '../../src/export/kickoff.ts'
import { Safes } from '../../src/export/safes.ts'
import { ExportWorker } from '../../src/export/worker.ts'
import { parseJson, type Resource } from '../../src/fhir/json.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { save } from '../../src/store/resources.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'

const zone = 'Europe/Paris'
/** There are no permits in this world: what a research base exports is tested over HTTP. */
const permits = { load: () => Promise.resolve(undefined) }

/** A care base without HTTP: a database, the gate, the safes, and a clock that tests set. */
export async function careWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'coffre-export-'))
  const database = await freshDatabase()
  const store = new Store(database.url)
  const keyring = openKeyring(join(folder, 'keyring.json'))
  const gate = new Gate(
    new Vault(keyring),
    permits as unknown as Permits,
    keyring,
    zone,
    'http://localhost/fhir',
  )
  const safes = new Safes(keyring, join(folder, 'safes'))
  const clock = { now: () => new Date() }
  const publicUrl = 'http://localhost'
  const trail = await Trail.open({
    store,
    key: keyring.derive('audit'),
    anchors: join(folder, 'audit'),
    publicUrl,
  })
  const now = () => clock.now()
  const exports = new Exports({ store, gate, safes, trail, zone, now })
  const at = { access: careAccess(), base: '/fhir' }
  const reported: unknown[] = []

  return {
    ...{ folder, store, gate, safes, clock, exports, at, reported },
    worker: (leaseSeconds = 60) =>
      new ExportWorker({
        ...{ store, gate, permits, safes, zone, leaseSeconds, now },
        report: (error) => void reported.push(error),
      }),
    write: (resources: readonly object[], updatedAt = new Date()) => write(store, gate, resources, updatedAt),
    kickoff: (parameters: readonly Parameter[] = [], level: Level = 'system', group?: string) =>
      exports.kickoff(
        at,
        parseKickoff(parameters, {
          ...{
            level,
            group,
            method: 'POST',
            handling: 'strict',
            alone: false,
            now: now(),
            zone,
            base: 'http://localhost/fhir',
          },
        }),
        'http://localhost/fhir/$export',
      ),
    async resources(job: string): Promise<Resource[]> {
      const status = await exports.status(at, job)
      if (status.state !== 'done') throw new Error('not done')
      const texts = await Promise.all(
        status.files.map(async ({ file }) => text(await exports.open(at, job, file, 'identity'))),
      )
      return texts.flatMap((ndjson) =>
        ndjson
          .trimEnd()
          .split('\n')
          .map((line) => parseJson(line) as Resource),
      )
    },
    async close() {
      await trail.close()
      await store.close()
      await database.drop()
      rmSync(folder, { recursive: true })
    },
  }
}

export type CareWorld = Awaited<ReturnType<typeof careWorld>>

export function careAccess(
  scopes = 'system/*.rs',
  clientId = 'pipeline',
  grants = ['bulk-identified'],
): CareAccess {
  const caller = { clientId, userId: undefined, tokenId: 'token', ip: undefined }
  return {
    kind: 'care',
    caller,
    scopes: parseScopes(scopes, zone),
    patient: undefined,
    grants: new Set(grants),
  }
}

/** Lays resources down as the interactions do, in one transaction. */
async function write(store: Store, gate: Gate, resources: readonly object[], updatedAt: Date): Promise<void> {
  await store.transaction('care', async (tx) => {
    const inputs = resources.map((one) => {
      const meta = { versionId: '1', lastUpdated: updatedAt.toISOString() }
      const resource = parseJson(JSON.stringify({ ...one, meta })) as Resource
      return { resource, version: 1, updatedAt, method: 'PUT' as const }
    })
    await save(tx, await gate.admit(tx, inputs))
  })
}

export function patient(id: string, more: object = {}): object {
  return {
    resourceType: 'Patient',
    id,
    gender: 'female',
    birthDate: '1980-03-07',
    name: [{ family: id }],
    ...more,
  }
}

export function observation(id: string, of: string, code = '2160-0', more: object = {}): object {
  return {
    ...{ resourceType: 'Observation', id, status: 'final', subject: { reference: `Patient/${of}` } },
    code: { coding: [{ system: 'http://loinc.org', code }] },
    effectiveDateTime: '2024-02-10T08:30:00+01:00',
    ...more,
  }
}

/** Runs steps until there is nothing left to do. */
export async function drain(worker: ExportWorker): Promise<void> {
  const { signal } = new AbortController()
  while (await worker.step(signal));
}
