import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { open, seal, type Keyring } from '../identity/keyring.ts'
import type { Tx } from '../store/tx.ts'
import { safeKey, type WrappedKey } from './jobs.ts'
import type { FilePlace } from './ndjson-file.ts'
import type { ExportRequest } from './request.ts'
import { safeKeyContext } from './safe-keys.ts'

/**
 * Safes: a folder of sealed files each, and a key that only the keyring unwraps. Every job has its own:
 * taking back one export destroys one key. The folder must be one that all server processes share.
 */
export class Safes {
  private readonly keyring: Keyring
  private readonly folder: string

  /** @param folder that holds the safes' folders */
  constructor(keyring: Keyring, folder: string) {
    this.keyring = keyring
    this.folder = folder
  }

  /** A new safe with its key, wrapped for the database and plain for now. */
  async make(): Promise<{ readonly safe: string; readonly key: Buffer; readonly wrapped: WrappedKey }> {
    const [safe, key] = [randomUUID(), randomBytes(32)]
    return { safe, key, wrapped: await this.keyring.wrap(key, safeKeyContext(safe)) }
  }

  /** @returns where the files of a safe lie, and their key; undefined when the safe is closed */
  async place(tx: Tx, safe: string): Promise<Omit<FilePlace, 'file'> | undefined> {
    const key = await safeKey(tx, safe)
    if (!key) return undefined
    const plain = await this.keyring.unwrap(key.wrapped, key.keyVersion, safeKeyContext(safe))
    return { folder: join(this.folder, safe), safeKey: plain }
  }

  /** Removes what lies in a safe whose key was destroyed. */
  async clear(safe: string): Promise<void> {
    await rm(join(this.folder, safe), { recursive: true, force: true })
  }

  /** Removes the files that no part lists: what was left by workers that died. */
  async tidy(safe: string, listed: ReadonlySet<string>): Promise<void> {
    const folder = join(this.folder, safe)
    const strays = (await readdir(folder).catch(() => [])).filter((name) => !listed.has(name))
    await Promise.all(strays.map((name) => rm(join(folder, name), { force: true })))
  }
}

/** Seals a job's request: a filter or a patient's id in it may tell who someone is. */
export function sealRequest(key: Buffer, job: string, request: ExportRequest): Buffer {
  return seal(key, JSON.stringify(request), requestContext(job))
}

export function openRequest(key: Buffer, job: string, sealed: Buffer): ExportRequest {
  return JSON.parse(open(key, sealed, requestContext(job)).toString('utf8')) as ExportRequest
}

function requestContext(job: string): string {
  return `export-request/${job}`
}
