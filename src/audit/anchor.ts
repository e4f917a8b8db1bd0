import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { noMac, parseTails, printTails, type Tail } from './chain.ts'

/**
 * How far a chain has come, kept outside the database: a chain that was cut at its end is whole in
 * itself, and only something that remembers the end can tell. One small file per chain in
 * `{data dir}/audit`, written over in place after each commit. It is not flushed to the disk each time:
 * after a power cut it may name an earlier event than the last, never a later one.
 */
export class Anchor {
  private readonly file: FileHandle
  private constructor(file: FileHandle) {
    this.file = file
  }

  /**
   * Makes the file of a new chain; it is on the disk when this resolves.
   *
   * @throws Error when there is one already
   */
  static async create(folder: string, chain: string): Promise<Anchor> {
    await mkdir(folder, { recursive: true })
    const file = await open(join(folder, chain + extension), 'wx', 0o600)
    const anchor = new Anchor(file)
    await anchor.set({ chain, sequence: 0, mac: noMac })
    await file.sync()
    return anchor
  }

  /** Always the same number of bytes in one write, so a reader never meets half of it. */
  async set(tail: Tail): Promise<void> {
    await this.file.write(printTails([tail]), 0)
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}

const extension = '.anchor'

/** Where the trail's anchors lie. */
export function anchorFolder(dataDir: string): string {
  return join(dataDir, 'audit')
}
/**
 * The anchors of all chains that were ever begun with this data dir.
 *
 * @returns undefined in place of one that cannot be understood, under its file's name
 */
export async function readAnchors(folder: string): Promise<ReadonlyMap<string, Tail | undefined>> {
  const names = (existsSync(folder) ? await readdir(folder) : []).filter((name) => name.endsWith(extension))
  const anchors = new Map<string, Tail | undefined>()
  for (const name of names.sort()) {
    const [tail, ...more] = parseTails(await readFile(join(folder, name), 'utf8')) ?? []
    const isItsOwn = tail?.chain + extension === name && more.length === 0
    anchors.set(name, isItsOwn ? tail : undefined)
  }
  return anchors
}
