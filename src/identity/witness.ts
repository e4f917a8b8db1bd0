import { randomBytes } from 'node:crypto'
import { FhirError } from '../fhir/outcome.ts'
import type { Keyring } from './keyring.ts'
import { witnessContext } from './vault-key-versions.ts'

/** A key of no use, wrapped by one version: it opens under that version of that keyring and no other. */
export async function witness(keyring: Keyring, version: number): Promise<Buffer> {
  const [wrapped] = await keyring.wrapAll(
    [{ key: randomBytes(32), context: witnessContext(version) }],
    version,
  )
  if (!wrapped) throw new TypeError('as many keys as were asked for')
  return wrapped.wrapped
}

/** @throws FhirError 503 when the key service cannot be asked */
export async function opens(keyring: Keyring, version: number, wrapped: Buffer): Promise<boolean> {
  try {
    await keyring.unwrap(wrapped, version, witnessContext(version))
    return true
  } catch (error) {
    if (error instanceof FhirError) throw error
    return false
  }
}
