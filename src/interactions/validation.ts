import { SettingsError, type Settings } from '../config.ts'
import { demandValidAt, type DemandValid } from '../fhir/validation/validation-level.ts'

/** What resources must be to be written here. @throws SettingsError */
export function validationOf({ COFFRE_VALIDATION }: Pick<Settings, 'COFFRE_VALIDATION'>): DemandValid {
  try {
    return demandValidAt(COFFRE_VALIDATION)
  } catch (error) {
    if (error instanceof RangeError) throw new SettingsError(`COFFRE_VALIDATION: ${error.message}`)
    throw error
  }
}
