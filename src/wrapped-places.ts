import { safeKeysPlace } from './export/safe-keys.ts'
import { permitSecretsPlace } from './governance/permit-secrets.ts'
import { caseKeysPlace } from './governance/reidentification-keys.ts'
import { dataKeysPlace, rootSecretPlace } from './identity/vault-wrapped-keys.ts'
import type { WrappedPlace } from './identity/wrapped-place.ts'
import { jobKeysPlace } from './interactions/async/job-keys.ts'

/** Everywhere that keys lie wrapped by the keyring. What is not named here is lost by a rotation. */
export const wrappedPlaces: readonly WrappedPlace[] = [
  ...[dataKeysPlace, rootSecretPlace, permitSecretsPlace, caseKeysPlace, safeKeysPlace, jobKeysPlace],
]
