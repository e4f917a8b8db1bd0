import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { SettingsError, type Settings } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Store } from '../store/store.ts'
import type { KeyService } from './key-service.ts'
import { namingTheSetting } from './key-versions.ts'
import { Keyring, openKeyring, readKeyring } from './keyring.ts'
import { TransitKeys } from './transit-keys.ts'
import { isUnderKeyring, noteRootSecret, rootSecret } from './vault-key-versions.ts'
import { rootSecretContext } from './vault-wrapped-keys.ts'

/**
 * Opens the keyring that the settings name: a file, which the first start on a database makes, or a key
 * service.
 *
 * @throws SettingsError in one line that names the setting
 */
export async function openKeys(settings: Settings, store: Store): Promise<Keyring> {
  const service = keyServiceOf(settings)
  if (!service) {
    // a keyring that was lost is not replaced by one that opens nothing
    if (await store.read('care', isUnderKeyring)) demandKeyringFile(settings)
    return openKeyring(settings.keyringFile)
  }
  return namingTheSetting(async () => {
    if (!(await store.read('care', rootSecret))) await makeRoot(service, store)
    return new Keyring(await rootOf(service, store), service)
  })
}

/**
 * As `openKeys`, for what is no start: a keyring that is not there is not made.
 *
 * @throws SettingsError in one line that names the setting
 */
export async function openExistingKeys(settings: Settings, store: Store): Promise<Keyring> {
  demandKeyringFile(settings)
  const service = keyServiceOf(settings)
  if (!service) return readKeyring(settings.keyringFile)
  return namingTheSetting(async () => new Keyring(await rootOf(service, store), service))
}

/** @throws SettingsError when the settings name a file that is not there */
export function demandKeyringFile({ keyServiceUrl, keyringFile }: Settings): void {
  if (keyServiceUrl !== undefined || existsSync(keyringFile)) return
  throw new SettingsError(
    'COFFRE_KEYRING: no such file; the keyring that the database was written with is needed',
  )
}

/** @returns undefined where the keyring is a file */
export function keyServiceOf({ keyServiceUrl, ...settings }: Settings): KeyService | undefined {
  if (keyServiceUrl === undefined) return undefined
  return new TransitKeys({
    url: keyServiceUrl,
    tokenFile: settings.COFFRE_KEYRING_TOKEN_FILE ?? '',
    namespace: settings.COFFRE_KEYRING_NAMESPACE,
  })
}

/** Lays down a root secret. Of processes that start at once the first one's counts. */
async function makeRoot(service: KeyService, store: Store): Promise<void> {
  // says what is wrong with the key, if anything is, before anything is wrapped by it
  await service.versions()
  const [made] = await service.wrapAll([{ key: randomBytes(32), context: rootSecretContext }])
  if (made) await store.transaction('care', (tx) => noteRootSecret(tx, made))
}

/** The root secret lies in the vault, wrapped. It is opened once, here. */
async function rootOf(service: KeyService, store: Store): Promise<Buffer> {
  const stored = await store.read('care', rootSecret)
  if (!stored)
    throw new SettingsError('COFFRE_KEYRING: the database has no root secret before the first start')
  try {
    const [root] = await service.unwrapAll([{ ...stored, context: rootSecretContext }])
    return root ?? Buffer.of()
  } catch (error) {
    if (error instanceof FhirError) throw error
    throw new SettingsError('COFFRE_KEYRING: this is not the key that the database was written under')
  }
}
