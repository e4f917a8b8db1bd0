import type { Settings } from '../config.ts'
import type { Store } from '../store/store.ts'
import { openKeyring, type Keyring } from './keyring.ts'

/**
 * Opens the keyring that the settings name; the first start makes it.
 *
 * @throws SettingsError in one line that names the setting
 */
export function openKeys(settings: Settings, _store: Store): Keyring {
  return openKeyring(settings.keyringFile)
}
