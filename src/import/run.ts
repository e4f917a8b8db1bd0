import { carryOut } from './carry-out.ts'
import { Flights } from './flights.ts'
import { footprint } from './footprint.ts'
import type { Position } from './lines.ts'
import type { ImportReport } from './report.ts'
import type { ImportSink } from './sink.ts'
import { readSource, type Source } from './source.ts'
import { fingerprint, type FileProgress, type ImportState } from './state.ts'
import { units, type Unit } from './unit.ts'
import type { Progress } from './progress.ts'

export interface ImportOptions {
  /** calls to the sink under way at once */
  readonly parallel: number
  /** stops the import after what is under way */
  readonly signal: AbortSignal
  /** for the fingerprints of files: 32 bytes */
  readonly fingerprintKey: Buffer
  /** milliseconds that never go back */
  readonly now: () => number
  readonly onProgress: (progress: Progress) => void
}

export interface ImportOutcome {
  /** of this run: what an earlier one imported is not counted again */
  readonly accepted: number
  readonly refused: number
  /** files that an earlier run had imported whole */
  readonly skippedFiles: number
  /** numbers of files, from 1, that hold something refused */
  readonly filesWithRefusals: ReadonlySet<number>
  readonly stopped: boolean
}

/**
 * Imports the sources into the sink, one file after another. Calls to the sink begin in the order of
 * the documents; several are under way at once where none depends on another. What is written down as
 * done is always a beginning of the file without gaps: after a crash none is missed, and a few units may be
 * given to the sink again, which knows them.
 *
 * @throws SourceError, or what the sink throws, after what is under way has ended and the state is saved
 */
export async function runImport(
  sources: readonly Source[],
  sink: ImportSink,
  state: ImportState,
  report: ImportReport,
  options: ImportOptions,
): Promise<ImportOutcome> {
  const run = new Run(sink, state, report, options)
  run.totalBytes = sources.reduce((sum, source) => sum + source.size, 0)
  try {
    for (const [index, source] of sources.entries()) {
      if (options.signal.aborted) break
      await run.importFile(source, index + 1)
    }
  } finally {
    await state.save()
  }
  const { accepted, refused, skippedFiles, filesWithRefusals } = run
  return { accepted, refused, skippedFiles, filesWithRefusals, stopped: options.signal.aborted }
}

/** What came of one unit, and how far the file is done with it. */
interface Landed {
  readonly end: Position
  readonly accepted: number
  readonly refused: number
}

class Run {
  totalBytes = 0
  accepted = 0
  refused = 0
  skippedFiles = 0
  readonly filesWithRefusals = new Set<number>()
  private bytes = 0
  private readonly sink: ImportSink
  private readonly state: ImportState
  private readonly report: ImportReport
  private readonly options: ImportOptions

  constructor(sink: ImportSink, state: ImportState, report: ImportReport, options: ImportOptions) {
    this.sink = sink
    this.state = state
    this.report = report
    this.options = options
  }

  async importFile(source: Source, number: number): Promise<void> {
    const name = await fingerprint(source, this.options.fingerprintKey)
    if (this.state.restarted) await this.sink.forget(name)
    let progress = this.state.of(name)
    if (progress.done) {
      this.skippedFiles++
      this.show(source.size)
      return
    }
    const flights = new Flights<Landed>(this.options.parallel)
    const advance = (): Promise<void> => {
      progress = flights.landed().reduce(further, progress)
      return this.state.note(name, progress, this.options.now())
    }
    const from = progress
    try {
      for await (const unit of units(
        readSource(source, from, (bytes) => this.show(bytes)),
        from,
      )) {
        if (this.options.signal.aborted) return
        await flights.begin(footprint(unit), () => this.carryOut(unit, name, number))
        await advance()
      }
      await flights.settle()
      flights.throwFailure()
      progress = { ...flights.landed().reduce(further, progress), done: true }
    } finally {
      await flights.settle()
      await advance()
    }
  }

  private show(bytes: number): void {
    this.bytes += bytes
    const { accepted, refused, totalBytes } = this
    this.options.onProgress({ bytes: Math.min(this.bytes, totalBytes), totalBytes, accepted, refused })
  }

  private async carryOut(unit: Unit, source: string, file: number): Promise<Landed> {
    const { accepted, refused, refusals } = await carryOut(this.sink, unit, source)
    await this.report.add(refusals.map((refusal) => ({ ...refusal, file })))
    if (refused > 0) this.filesWithRefusals.add(file)
    this.accepted += accepted
    this.refused += refused
    this.show(0)
    return { end: unit.end, accepted, refused }
  }
}

function further(progress: FileProgress, { end, accepted, refused }: Landed): FileProgress {
  return { ...end, done: false, accepted: progress.accepted + accepted, refused: progress.refused + refused }
}
