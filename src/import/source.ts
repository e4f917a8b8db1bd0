import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errorCode } from './error-code.ts'
import { beginning, splitLines, wholeDocument, type Position, type SourceDocument } from './lines.ts'

/** A file to import. */
export interface Source {
  readonly path: string
  /** bytes on disk */
  readonly size: number
  readonly modified: Date
}

/** What the operator gave cannot be imported; the message is for the terminal. */
export class SourceError extends Error {}

const importable = /\.(ndjson|json)(\.gz)?$/i

/**
 * Finds what to import: files as given, folders with everything below them that ends in `.ndjson`,
 * `.json`, `.ndjson.gz` or `.json.gz`, sorted by name so that a second run meets the same order.
 *
 * @throws SourceError a path that is not there, a file of another kind, nothing to import
 */
export async function findSources(paths: readonly string[]): Promise<Source[]> {
  const found: Source[] = []
  for (const path of paths) {
    const stats = await stat(path).catch(() => {
      throw new SourceError(`${path}: no such file or folder`)
    })
    if (stats.isDirectory()) found.push(...(await findInFolder(path)))
    else if (importable.test(path)) found.push({ path, size: stats.size, modified: stats.mtime })
    else throw new SourceError(`${path}: not a .ndjson, .json, .ndjson.gz or .json.gz file`)
  }
  if (found.length === 0) throw new SourceError('nothing to import there')
  return found
}

async function findInFolder(folder: string): Promise<Source[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  // by code unit, not by the operator's locale
  entries.sort((left, right) => (left.name < right.name ? -1 : 1))
  const found: Source[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await findInFolder(path)))
    else if (entry.isFile() && importable.test(entry.name)) {
      const { size, mtime } = await stat(path)
      found.push({ path, size, modified: mtime })
    }
  }
  return found
}

/**
 * Reads the documents of a source one after another; memory does not grow with the file.
 *
 * @param from where to go on; a compressed file is unpacked again up to there
 * @param onBytes told of bytes of the file on disk that were read, for a progress bar
 * @throws SourceError the file ends in the middle of its compressed stream, or cannot be read
 */
export async function* readSource(
  source: Source,
  from: Position = beginning,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<SourceDocument> {
  const compressed = /\.gz$/i.test(source.path)
  const file = createReadStream(source.path, {
    start: compressed ? 0 : from.offset,
    highWaterMark: 256 * 1024,
  })
  if (!compressed && from.offset > 0) onBytes(from.offset)
  file.on('data', (chunk) => onBytes(chunk.length))
  // attaching a listener starts the flow; it is the reader below who says when
  file.pause()
  const content: Readable = compressed ? unpacked(file) : file
  try {
    const rest = compressed ? skip(content, from.offset) : content
    if (/\.json(\.gz)?$/i.test(source.path)) yield* wholeDocument(rest, from)
    else yield* splitLines(rest, from)
  } catch (cause) {
    const code = errorCode(cause)
    if (code === undefined) throw cause
    throw new SourceError(`${source.path}: cannot be read to its end (${code})`, { cause })
  } finally {
    file.destroy()
  }
}

function unpacked(file: Readable): Readable {
  const gunzip = createGunzip()
  // an error of the file ends the reader of gunzip too; it is told there
  pipeline(file, gunzip, () => undefined)
  return gunzip
}

async function* skip(stream: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of stream) {
    if (left >= chunk.length) left -= chunk.length
    else {
      yield chunk.subarray(left)
      left = 0
    }
  }
}
