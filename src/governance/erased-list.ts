import { createHmac, timingSafeEqual } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FhirError } from '../fhir/outcome.ts'
import type { Keyring } from '../identity/keyring.ts'
import { erasureGrounds, retentions, type ErasureGround, type Retention } from './erased.ts'

/** An erasure as the list keeps it. */
export interface ListedErasure {
  readonly id: string
  /** HMAC of the patient's key, hexadecimal */
  readonly mark: string
  readonly ground: ErasureGround
  readonly retention: Retention
}

/**
 * The list of erasures outside the database, `{data dir}/erased`: what tells a server whose database was
 * restored from a backup that some of its patients are to be erased again. A line holds no key and no
 * identity, and carries a MAC: nobody without the keyring can have a patient erased by adding one.
 */
export class ErasedList {
  private readonly file: string
  private readonly markKey: Buffer
  private readonly lineKey: Buffer

  constructor(keyring: Keyring, dataDir: string) {
    this.file = join(dataDir, 'erased')
    this.markKey = keyring.derive('erased-mark')
    this.lineKey = keyring.derive('erased-list')
  }

  /** What the list knows a patient by. */
  mark(patient: string): Buffer {
    return createHmac('sha256', this.markKey).update(patient).digest()
  }

  /** Adds an erasure; it is on the disk when this resolves. One that is there is not added again. */
  async add(erasure: ListedErasure): Promise<void> {
    if ((await this.read()).some(({ id }) => id === erasure.id)) return
    await mkdir(dirname(this.file), { recursive: true })
    const file = await open(this.file, 'a', 0o600)
    try {
      await file.write(`${this.line(erasure)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    const folder = await open(dirname(this.file))
    await folder.sync().finally(() => folder.close())
  }

  /**
   * All erasures that were begun with this data dir.
   *
   * @throws Error in one line when it holds what this keyring did not write: start-up must stop
   */
  async read(): Promise<ListedErasure[]> {
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    // a line that was cut by a crash is of an erasure that was not begun
    return text
      .split('\n')
      .slice(0, -1)
      .map((line, index) => this.parse(line, index + 1))
  }

  private parse(line: string, number: number): ListedErasure {
    const [id = '', mark = '', ground, retention] = line.split(' ')
    const erasure = {
      ...{ id, mark },
      ground: erasureGrounds.find((one) => one === ground) ?? 'objection',
      retention: retentions.find((one) => one === retention) ?? 'kept-by-source',
    }
    const [written, made] = [Buffer.from(line), Buffer.from(this.line(erasure))]
    if (written.length === made.length && timingSafeEqual(written, made)) return erasure
    throw new Error(`the list of erasures in the data dir: line ${number} was not written by this server`)
  }

  private line({ id, mark, ground, retention }: ListedErasure): string {
    const content = [id, mark, ground, retention].join(' ')
    return `${content} ${createHmac('sha256', this.lineKey).update(content).digest('hex')}`
  }
}

/** Nothing is erased that could come back: the list is written first, or nothing is done. */
export function listUnwritable(cause: unknown): FhirError {
  const error = FhirError.later(503, 'the list of erasures cannot be written', 30)
  error.cause = cause
  return error
}
