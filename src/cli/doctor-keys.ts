import { stat } from 'node:fs/promises'
import type { Settings } from '../config.ts'
import { listVersions } from '../identity/key-versions.ts'
import { readKeyring } from '../identity/keyring.ts'
import { keyServiceOf, openExistingKeys } from '../identity/open-keys.ts'
import { Store } from '../store/store.ts'
import { wrappedPlaces } from '../wrapped-places.ts'
import type { Finding } from './doctor.ts'
import { failure } from './failure.ts'

/** Whether the keyring can be read, and by nobody else; which versions it has. */
export async function keyring(settings: Settings): Promise<Finding> {
  const name = 'keyring'
  const { keyringFile } = settings
  const service = keyServiceOf(settings)
  if (service) return versionsOf(name, 'key service', () => service.versions())
  const stats = await stat(keyringFile).catch(() => undefined)
  if (!stats) return { name, ok: true, detail: `${keyringFile} is made at the first start` }
  const open = (stats.mode & 0o077) !== 0
  if (open) return { name, ok: false, detail: `${keyringFile} is open to others; chmod 600` }
  return versionsOf(name, keyringFile, () => readKeyring(keyringFile).service.versions())
}

async function versionsOf(
  name: string,
  where: string,
  versions: () => Promise<readonly number[]>,
): Promise<Finding> {
  try {
    return { name, ok: true, detail: `${where}, versions ${(await versions()).join(', ')}` }
  } catch (error) {
    return { name, ok: false, detail: failure(error).split('\n')[0] ?? 'cannot be read' }
  }
}

/**
 * Whether the keyring has every version that the database needs. Nothing is said where there is nothing
 * to compare: an embedded database is not started, a new one knows no version.
 */
export async function keyVersions(settings: Settings): Promise<Finding[]> {
  const name = 'key versions'
  if (settings.DATABASE_URL === undefined) return []
  const store = new Store(settings.DATABASE_URL, 4, settings.COFFRE_IDENTITY_DATABASE_URL)
  try {
    const keyring = await openExistingKeys(settings, store)
    const listed = await listVersions({ keyring, store, places: wrappedPlaces })
    const lacking = listed.filter(({ isHeld, wraps }) => !isHeld && wraps.size > 0)
    const told = listed.map(({ version, state }) => `${version} ${state}`).join(', ')
    if (lacking.length === 0) return [{ name, ok: true, detail: told }]
    const detail = `the keyring lacks ${lacking.map(({ version }) => version).join(', ')}; see COFFRE_KEYRING`
    return [{ name, ok: false, detail }]
  } catch {
    // of a database or a keyring that cannot be read the other findings tell
    return []
  } finally {
    await store.close()
  }
}
