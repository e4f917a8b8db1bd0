import { createHmac } from 'node:crypto'
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { beginning, type Position } from './lines.ts'
import type { Source } from './source.ts'

/** How far one file was imported, and with what outcome. */
export interface FileProgress extends Position {
  readonly done: boolean
  readonly accepted: number
  readonly refused: number
}

export const untouched: FileProgress = { ...beginning, done: false, accepted: 0, refused: 0 }

/** The state file is not one; the message is for the terminal. */
export class StateError extends Error {}

const stateFile = 'import-state.json'

/** What a crash can cost: this much work is done again. */
const saveIntervalMilliseconds = 1000

/** Enough of a file to tell it from another of the same size and time. */
const headBytes = 64 * 1024

/**
 * Remembers across runs what was imported, in a file of the data dir. Files go by a fingerprint of
 * size, time of change and first bytes, under a key: neither their names, which may hold a patient's,
 * nor a hash that would confirm a known file lies on disk.
 */
export class ImportState {
  private readonly file: string
  private readonly progress: Map<string, FileProgress>
  private savedAt: number | undefined
  /** what was done before shall be done again */
  readonly restarted: boolean

  private constructor(file: string, restarted: boolean, progress: Map<string, FileProgress>) {
    this.file = file
    this.restarted = restarted
    this.progress = progress
  }

  /**
   * @param dataDir made when it is not there
   * @throws StateError when there is a state file that cannot be read as one; `--restart` passes over it
   */
  static async open(dataDir: string, restart: boolean): Promise<ImportState> {
    await mkdir(dataDir, { recursive: true })
    const file = join(dataDir, stateFile)
    return new ImportState(file, restart, restart ? new Map<string, FileProgress>() : await load(file))
  }

  of(fingerprint: string): FileProgress {
    return this.progress.get(fingerprint) ?? untouched
  }

  /** Notes progress; writes it down at most once a second. @param now ms since any fixed moment */
  async note(fingerprint: string, progress: FileProgress, now: number): Promise<void> {
    this.progress.set(fingerprint, progress)
    this.savedAt ??= now
    if (now - this.savedAt < saveIntervalMilliseconds) return
    this.savedAt = now
    await this.save()
  }

  /** Writes the state down: the old file or the new one is there at any moment, never half of one. */
  async save(): Promise<void> {
    const text = JSON.stringify({ version: 1, files: Object.fromEntries(this.progress) }, undefined, 1)
    const fresh = `${this.file}.new`
    await writeFile(fresh, text, { mode: 0o600, flush: true })
    await rename(fresh, this.file)
  }
}

async function load(file: string): Promise<Map<string, FileProgress>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return new Map()
  const state = parse(text)
  if (!state) throw new StateError(`${stateFile} in the data dir cannot be read; --restart begins anew`)
  return new Map(Object.entries(state.files))
}

interface StateText {
  readonly version: 1
  readonly files: Readonly<Record<string, FileProgress>>
}

function parse(text: string): StateText | undefined {
  try {
    const value = JSON.parse(text) as Partial<StateText> | null
    const { version, files } = value ?? {}
    return version === 1 && files && Object.values(files).every(isProgress) ? { version, files } : undefined
  } catch {
    return undefined
  }
}

function isProgress(value: Partial<FileProgress> | null): boolean {
  const { line, offset, done, accepted, refused } = value ?? {}
  return (
    [line, offset, accepted, refused].every((number) => Number.isSafeInteger(number)) &&
    typeof done === 'boolean'
  )
}

/** The name of a file in the state. @param key 32 bytes that stay the same from run to run */
export async function fingerprint(source: Source, key: Buffer): Promise<string> {
  const handle = await open(source.path)
  try {
    const head = Buffer.alloc(headBytes)
    const { bytesRead } = await handle.read(head, 0, headBytes, 0)
    return createHmac('sha256', key)
      .update(`${source.size} ${source.modified.getTime()} `)
      .update(head.subarray(0, bytesRead))
      .digest('hex')
  } finally {
    await handle.close()
  }
}
