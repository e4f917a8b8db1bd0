import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SettingsError } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { KeyService, PlainKey, WrappedEntry, WrappedKey } from './key-service.ts'
import { newestOf, unwrapWith, wrapWith, type KeysByVersion } from './local-keys.ts'

/** The keyring file: the root secret and the key-encryption keys, base64, 32 bytes each. */
interface KeyringFile {
  readonly root: string
  readonly keys: readonly FileKey[]
}

interface FileKey {
  readonly version: number
  readonly key: string
  readonly createdAt: string
}

/**
 * Key-encryption keys in a file. The file is looked at before each wrapping, and whenever a version is
 * asked for that is not known: a rotation reaches the servers that run without a restart. Where the file
 * is gone, what was read of it still unwraps, and nothing is wrapped.
 */
export class FileKeys implements KeyService {
  readonly root: Buffer
  private readonly file: string
  private keys: KeysByVersion
  private seen: string

  /** @throws SettingsError in one line when there is no keyring in the file */
  constructor(file: string) {
    this.file = file
    this.seen = mark(file)
    const ring = readRing(file)
    this.root = bytes(ring.root)
    this.keys = keysOf(ring)
  }

  async versions(): Promise<readonly number[]> {
    this.look()
    return [...this.keys.keys()].sort((one, other) => one - other)
  }

  async wrapAll(entries: readonly PlainKey[], keyVersion?: number): Promise<WrappedKey[]> {
    this.look()
    return wrapWith(this.keys, entries, keyVersion ?? newestOf(this.keys))
  }

  async unwrapAll(entries: readonly WrappedEntry[]): Promise<Buffer[]> {
    if (entries.some(({ keyVersion }) => !this.keys.has(keyVersion))) this.look()
    return unwrapWith(this.keys, entries)
  }

  async addVersion(): Promise<number> {
    const ring = readRing(this.file)
    const version = newestOf(keysOf(ring)) + 1
    await this.replace({ ...ring, keys: [...ring.keys, newKey(version)] })
    return version
  }

  async removeVersion(keyVersion: number): Promise<void> {
    const ring = readRing(this.file)
    const keys = ring.keys.filter(({ version }) => version !== keyVersion)
    if (keys.length === ring.keys.length) {
      throw new SettingsError(`COFFRE_KEYRING: there is no version ${keyVersion}`)
    }
    if (keyVersion === newestOf(keysOf(ring))) {
      throw new SettingsError(`COFFRE_KEYRING: version ${keyVersion} is the one that wraps`)
    }
    await this.replace({ ...ring, keys })
  }

  /** Reads the file again when it is another than the one last seen. */
  private look(): void {
    const now = mark(this.file)
    if (now === this.seen) return
    const ring = reread(this.file)
    if (!ring || !bytes(ring.root).equals(this.root)) {
      throw FhirError.later(503, 'the keyring file is gone, or is another one now', 60)
    }
    this.keys = keysOf(ring)
    this.seen = now
  }

  /** All or nothing: who reads the file, or loses power, has the old keyring or the new one. */
  private async replace(ring: KeyringFile): Promise<void> {
    const { uid, gid } = statSync(this.file)
    const beside = `${this.file}.new`
    const written = await open(beside, 'w', 0o600)
    try {
      await written.writeFile(printed(ring))
      // root may rotate the keyring of a server that is not root
      if (process.getuid?.() === 0) await written.chown(uid, gid)
      await written.sync()
    } finally {
      await written.close()
    }
    await rename(beside, this.file)
    const folder = await open(dirname(this.file))
    await folder.sync().finally(() => folder.close())
    this.look()
  }
}

/** Makes a keyring file with one version where there is no file. */
export function makeKeyringFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  try {
    const ring = { root: randomBytes(32).toString('base64'), keys: [newKey(1)] }
    writeFileSync(file, printed(ring), { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function readRing(file: string): KeyringFile {
  try {
    const ring = JSON.parse(readFileSync(file, 'utf8')) as KeyringFile
    bytes(ring.root)
    if (keysOf(ring).size === 0) throw new TypeError('no key')
    return ring
  } catch {
    // not even as a cause: what JSON.parse says quotes what it read
    throw new SettingsError(`COFFRE_KEYRING: ${file} is not a keyring`)
  }
}

/** @returns undefined when there is no keyring in the file any more */
function reread(file: string): KeyringFile | undefined {
  try {
    return readRing(file)
  } catch (error) {
    if (error instanceof SettingsError) return undefined
    throw error
  }
}

function keysOf(ring: KeyringFile): KeysByVersion {
  return new Map(ring.keys.map(({ version, key }) => [version, bytes(key)]))
}

function newKey(version: number): FileKey {
  return { version, key: randomBytes(32).toString('base64'), createdAt: new Date().toISOString() }
}

function printed(ring: KeyringFile): string {
  return `${JSON.stringify(ring, null, 2)}\n`
}

function bytes(text: string): Buffer {
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32) throw new TypeError('a key of 32 bytes expected')
  return key
}

/** Tells a file from the one that took its place. */
function mark(file: string): string {
  const stats: Stats | undefined = statSync(file, { throwIfNoEntry: false })
  return stats ? `${stats.ino}/${stats.mtimeMs}/${stats.size}` : 'none'
}
