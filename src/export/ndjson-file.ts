import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { pipeline as finished } from 'node:stream/promises'
import { constants, createGunzip, createGzip, type Gzip } from 'node:zlib'
import { Seal, Unseal } from './safe-file.ts'

/** Where a file of a safe lies, and what opens it. The name is a random UUID and tells nothing. */
export interface FilePlace {
  /** the safe's folder */
  readonly folder: string
  /** the file's id, a UUID, and its name */
  readonly file: string
  readonly safeKey: Buffer
}

/** What is recorded of a file that is complete. */
export interface NdjsonSummary {
  readonly file: string
  /** lines, each one resource */
  readonly count: number
  /** of the NDJSON, before compression */
  readonly bytes: number
  /** hex, over the NDJSON: what a client can compute over what it downloaded */
  readonly sha256: string
}

/**
 * Writes one NDJSON file into a safe: gzip, then sealed. Until `finish` it goes by `….part`, so that a
 * name without that ending is a file that is whole and on the disk.
 */
export class NdjsonWriter {
  private readonly place: FilePlace
  private readonly gzip: Gzip
  private readonly written: Promise<void>
  private readonly hash: Hash = createHash('sha256')
  private count = 0
  /** of NDJSON so far */
  bytes = 0

  private constructor(place: FilePlace) {
    this.place = place
    // the fast level: 20 % larger than the default one, three times as quick
    this.gzip = createGzip({ level: constants.Z_BEST_SPEED })
    this.written = finished(
      this.gzip,
      new Seal(place.safeKey, fileContext(place)),
      createWriteStream(partPath(place), { flags: 'wx', mode: 0o600, flush: true }),
    )
    // it is awaited in `write` and `finish`; until then a failure must not be an unhandled one
    this.written.catch(() => undefined)
  }

  static async create(place: FilePlace): Promise<NdjsonWriter> {
    await mkdir(place.folder, { recursive: true, mode: 0o700 })
    return new NdjsonWriter(place)
  }

  /** @param resources JSON texts without a line end in them */
  async write(resources: readonly string[]): Promise<void> {
    if (resources.length === 0) return
    const chunk = Buffer.from(`${resources.join('\n')}\n`, 'utf8')
    this.count += resources.length
    this.bytes += chunk.length
    this.hash.update(chunk)
    if (!this.gzip.write(chunk)) await Promise.race([once(this.gzip, 'drain'), this.written])
  }

  /** Makes the file whole: flushed to the disk, then renamed. */
  async finish(): Promise<NdjsonSummary> {
    this.gzip.end()
    await this.written
    await rename(partPath(this.place), join(this.place.folder, this.place.file))
    return { file: this.place.file, count: this.count, bytes: this.bytes, sha256: this.hash.digest('hex') }
  }

  /** Takes back what was written. */
  async abandon(): Promise<void> {
    this.gzip.destroy()
    await this.written.catch(() => undefined)
    await rm(partPath(this.place), { force: true })
  }
}

/**
 * Opens a file of a safe for reading.
 *
 * @param coding `gzip` gives the bytes as they were compressed, for `Content-Encoding: gzip`
 * @returns a stream that fails with `SafeFileError` when the file is not as it was written; undefined
 *   when there is no such file. A stream that was opened stays readable when the file is removed
 */
export async function readNdjson(
  place: FilePlace,
  coding: 'identity' | 'gzip',
): Promise<Readable | undefined> {
  const handle = await open(join(place.folder, place.file), 'r').catch(absent)
  if (!handle) return undefined
  const source = handle.createReadStream()
  const unsealed = new Unseal(place.safeKey, fileContext(place))
  // the callback is there because pipeline wants one: the error is on the stream that is returned
  const ignore = () => undefined
  return coding === 'gzip'
    ? pipeline(source, unsealed, ignore)
    : pipeline(source, unsealed, createGunzip(), ignore)
}

/** Removes a file, if it is there. */
export async function removeNdjson({ folder, file }: Pick<FilePlace, 'folder' | 'file'>): Promise<void> {
  await rm(join(folder, file), { force: true })
}

function fileContext({ file }: FilePlace): string {
  return `file ${file}`
}

function partPath({ folder, file }: FilePlace): string {
  return join(folder, `${file}.part`)
}

function absent(error: unknown): undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT')
    return undefined
  throw error
}
