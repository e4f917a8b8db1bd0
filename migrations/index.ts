import { Clinical1764000000001 } from './0001-clinical.ts'
import { Identity1764000000002 } from './0002-identity.ts'
import { Audit1764000000003 } from './0003-audit.ts'

/** All migrations, in order. */
export const migrations = [Clinical1764000000001, Identity1764000000002, Audit1764000000003]
