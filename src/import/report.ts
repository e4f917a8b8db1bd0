import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isResourceType } from '../fhir/definitions.ts'
import type { Issue } from '../fhir/outcome.ts'
import type { Place } from './unit.ts'

/** What was refused, where it stands and why: elements and rules, never what they held. */
export interface Refusal extends Place {
  /** number of the file in this run, from 1; its name may hold a patient's, so it is told on the terminal alone */
  readonly file: number
  readonly resourceType: string | undefined
  readonly issues: readonly Issue[]
}

export interface ImportCounts {
  readonly files: number
  readonly accepted: number
  readonly refused: number
}

/** The file of refused resources: one JSON line each, in the order their answers came, and a last line of counts. */
export class ImportReport {
  readonly path: string
  private readonly handle: FileHandle
  /** units land while others are being written about; lines must not mix */
  private written: Promise<void> = Promise.resolve()
  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.handle = handle
  }

  /** Begins `import-reports/<time>.ndjson` in the data dir. */
  static async begin(dataDir: string, now: Date): Promise<ImportReport> {
    const folder = join(dataDir, 'import-reports')
    await mkdir(folder, { recursive: true })
    const path = join(folder, `${now.toISOString().replaceAll(':', '-')}.ndjson`)
    return new ImportReport(path, await open(path, 'ax', 0o600))
  }

  add(refusals: readonly Refusal[]): Promise<void> {
    return this.append(refusals.map(asWritten))
  }

  /** The last line. */
  count(counts: ImportCounts): Promise<void> {
    return this.append([{ counts }])
  }

  async close(): Promise<void> {
    await this.handle.close()
  }

  private append(lines: readonly object[]): Promise<void> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    this.written = this.written.then(() => this.handle.appendFile(text))
    return this.written
  }
}

function asWritten({ file, line, entry, resourceType, issues }: Refusal): object {
  return {
    file,
    line,
    entry,
    // a type that is none could be anything, a name even
    resourceType: resourceType !== undefined && isResourceType(resourceType) ? resourceType : undefined,
    issues: issues.map(({ code, diagnostics, expression }) => ({ code, diagnostics, expression })),
  }
}
