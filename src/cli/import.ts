import { Command, InvalidArgumentError } from 'commander'
import { readSettings, type Settings } from '../config.ts'
import { ImportReport } from '../import/report.ts'
import { runImport, type ImportOutcome } from '../import/run.ts'
import type { ImportSink } from '../import/sink.ts'
import { findSources, type Source } from '../import/source.ts'
import { ImportState } from '../import/state.ts'
import { grouped, perSecond, progressDisplay, type Terminal } from './progress.ts'

/** An open sink with the key that fingerprints of files are made under; closed when the import has ended. */
export interface OpenSink {
  readonly sink: ImportSink
  readonly fingerprintKey: Buffer
  close(): Promise<void>
}

const exitCodes = { complete: 0, failed: 1, refused: 2, interrupted: 130 } as const

/** @param openSink starts what the import needs: the database, the keyring, the engine */
export function importCommand(openSink: (settings: Settings) => Promise<OpenSink>): Command {
  return new Command('import')
    .description('import FHIR resources: NDJSON, JSON and Bundles, from files or folders')
    .argument('<paths...>', '.ndjson, .json, .ndjson.gz and .json.gz files, or folders that hold some')
    .option('--restart', 'begin anew instead of going on where an earlier import stopped', false)
    .option('--parallel <n>', 'batches under way at once', positive, 4)
    .addHelpText('after', help)
    .action(async (paths: string[], options: { restart: boolean; parallel: number }) => {
      const settings = readSettings()
      process.exitCode = await importPaths(
        paths,
        { ...options, settings, out: process.stdout, display: process.stderr },
        openSink,
      )
    })
}

const help = `
Each resource is taken as an update under its own id, transaction and batch Bundles are carried out,
the resources of collection and searchset Bundles are taken one by one. What is refused, and why, is
written to import-reports/ in the data dir. Ctrl-C stops after what is under way; run the same
command again to go on.

Exit codes: 0 all imported, 2 some refused, 1 failed, 130 stopped by Ctrl-C.`

function positive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 32) throw new InvalidArgumentError('1 to 32')
  return number
}

interface ImportRequest {
  readonly restart: boolean
  readonly parallel: number
  readonly settings: Settings
  /** for the summary */
  readonly out: NodeJS.WritableStream
  /** for progress */
  readonly display: Terminal
}

/**
 * The whole command.
 *
 * @returns the exit code, 0, 2 or 130
 * @throws what makes it 1
 */
export async function importPaths(
  paths: readonly string[],
  { restart, parallel, settings, out, display: terminal }: ImportRequest,
  openSink: (settings: Settings) => Promise<OpenSink>,
): Promise<number> {
  const sources = await findSources(paths)
  const state = await ImportState.open(settings.dataDir, restart)
  const opened = await openSink(settings)
  const now = (): number => performance.now()
  const began = now()
  const display = progressDisplay(terminal, now)
  const interruption = stopOnInterrupt(terminal)
  const report = await ImportReport.begin(settings.dataDir, new Date())
  try {
    const outcome = await runImport(sources, opened.sink, state, report, {
      ...{ parallel, signal: interruption.signal, fingerprintKey: opened.fingerprintKey, now },
      onProgress: (progress) => display.show(progress),
    })
    await report.count({ files: sources.length, accepted: outcome.accepted, refused: outcome.refused })
    display.stop()
    out.write(summary(outcome, sources, report.path, now() - began))
    if (outcome.stopped) return exitCodes.interrupted
    return outcome.refused > 0 ? exitCodes.refused : exitCodes.complete
  } finally {
    display.stop()
    interruption.end()
    await report.close()
    await opened.close()
  }
}

/** The first Ctrl-C asks the import to stop; a second one ends the process at once, as ever. */
function stopOnInterrupt(terminal: Terminal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const stop = (): void => {
    terminal.write('\nstopping after what is under way; Ctrl-C again to stop at once\n')
    controller.abort()
  }
  process.once('SIGINT', stop)
  return { signal: controller.signal, end: () => process.off('SIGINT', stop) }
}

/** What the operator reads at the end. File names are told here and written nowhere. */
function summary(
  outcome: ImportOutcome,
  sources: readonly Source[],
  reportPath: string,
  milliseconds: number,
): string {
  const { accepted, refused, skippedFiles, filesWithRefusals, stopped } = outcome
  const seconds = (milliseconds / 1000).toFixed(1)
  const lines = [
    `imported ${grouped(accepted)} resources in ${seconds} s, ${grouped(perSecond(accepted, milliseconds))}/s`,
  ]
  if (skippedFiles > 0)
    lines.push(`already imported before: ${skippedFiles} files (--restart imports them again)`)
  if (refused > 0) lines.push(`refused ${grouped(refused)}, see ${reportPath}`)
  for (const number of filesWithRefusals) lines.push(`  file ${number}: ${sources[number - 1]?.path}`)
  if (stopped) lines.push('stopped; the same command goes on from here')
  return lines.map((line) => `${line}\n`).join('')
}
