import { SettingsError } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Tx } from '../store/tx.ts'
import type { Keys } from './rotation.ts'
import { noteWitness, recordCurrent, recordedVersions, type KeyVersion } from './vault-key-versions.ts'
import type { WrappedPlace } from './wrapped-place.ts'
import { opens, witness } from './witness.ts'

/** A version as the operator reads it. */
export interface ListedVersion {
  readonly version: number
  readonly state: KeyVersion['state'] | 'not recorded'
  /** whether the keyring has it */
  readonly isHeld: boolean
  readonly createdAt: Date | undefined
  /** how many keys it wraps, by the name of the place */
  readonly wraps: ReadonlyMap<string, number>
}

/** All versions that the keyring has or the database knows, ascending. */
export async function listVersions({ keyring, store, places }: Keys): Promise<ListedVersion[]> {
  const held = await keyring.service.versions()
  const [recorded, uses] = await store.read('care', async (tx) => [
    await recordedVersions(tx),
    await usesOf(tx, places),
  ])
  const numbers = new Set([...held, ...recorded.map(({ version }) => version), ...uses.keys()])
  return [...numbers]
    .sort((one, other) => one - other)
    .map((version) => {
      const known = recorded.find((one) => one.version === version)
      return {
        ...{ version, state: known?.state ?? 'not recorded', isHeld: held.includes(version) },
        ...{ createdAt: known?.createdAt, wraps: uses.get(version) ?? new Map<string, number>() },
      }
    })
}

async function usesOf(tx: Tx, places: readonly WrappedPlace[]): Promise<Map<number, Map<string, number>>> {
  const uses = new Map<number, Map<string, number>>()
  for (const place of places) {
    for (const { keyVersion, count } of await place.counts(tx)) {
      const wraps = uses.get(keyVersion) ?? new Map<string, number>()
      uses.set(keyVersion, wraps.set(place.name, count))
    }
  }
  return uses
}

/**
 * Holds the keyring against the database: each version that wraps anything must be there, and be the
 * key it was. The newest one is recorded as the one that wraps.
 *
 * @throws SettingsError in one line that names the setting and the version: start-up must stop
 */
export async function demandVersions(keys: Keys): Promise<void> {
  const { keyring, store } = keys
  const listed = await listVersions(keys)
  const recorded = await store.read('care', recordedVersions)
  for (const { version, state, isHeld, wraps } of listed) {
    const isNeeded = wraps.size > 0 || state === 'current' || state === 'retiring'
    if (isNeeded && !isHeld) {
      throw new SettingsError(`COFFRE_KEYRING: version ${version} is not there; it wraps ${told(wraps)}`)
    }
    const sealed = recorded.find((one) => one.version === version)?.witness
    if (isHeld && sealed && !(await opens(keyring, version, sealed))) {
      throw new SettingsError(`COFFRE_KEYRING: version ${version} is another key than the database knows`)
    }
    if (isHeld && sealed === null) {
      const made = await witness(keyring, version)
      await store.transaction('care', (tx) => noteWitness(tx, version, made))
    }
  }
  await recordNewest(keys, recorded)
}

async function recordNewest({ keyring, store }: Keys, recorded: readonly KeyVersion[]): Promise<void> {
  const newest = (await keyring.service.versions()).at(-1) ?? 1
  if (recorded.some(({ version }) => version === newest)) return
  const made = await witness(keyring, newest)
  await store.transaction('care', (tx) => recordCurrent(tx, newest, made))
}

/** `5,000 data keys, 2 safes`; never what they open. */
export function told(wraps: ReadonlyMap<string, number>): string {
  const parts = [...wraps].map(([place, count]) => `${count.toLocaleString('en-US')} ${place}`)
  return parts.join(', ') || 'nothing'
}

/**
 * Takes a retired version out of the keyring for good.
 *
 * @param now for how long it has been retired
 * @throws SettingsError when it still wraps a key, is not retired, or not long enough
 */
export async function retire(keys: Keys, version: number, now: Date): Promise<void> {
  const listed = (await listVersions(keys)).find((one) => one.version === version)
  if (!listed?.isHeld) throw new SettingsError(`version ${version} is not in the keyring`)
  if (listed.wraps.size > 0) {
    throw new SettingsError(`version ${version} still wraps ${told(listed.wraps)}: coffre keys rotate`)
  }
  const known = (await keys.store.read('care', recordedVersions)).find((one) => one.version === version)
  if (!known?.retiredAt) throw new SettingsError(`version ${version} is not retired: coffre keys rotate`)
  if (now.getTime() - known.retiredAt.getTime() < settlingMs) {
    throw new SettingsError(`version ${version} was retired less than 10 minutes ago: try again later`)
  }
  await keys.keyring.service.removeVersion(version)
}

/** No request lives so long: whoever wrapped a key under the version has committed it, or never will. */
const settlingMs = 600_000

/** Says of what the key service answers which setting it is about: for the start. */
export async function namingTheSetting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FhirError) throw new SettingsError(`COFFRE_KEYRING: ${error.message}`)
    throw error
  }
}
