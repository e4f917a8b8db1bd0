import { operationOutcome } from '../fhir/outcome.ts'
import { carryOut, type Result } from './carry-out.ts'
import { Flights } from './flights.ts'
import { footprint } from './footprint.ts'
import { beginning, splitLines } from './lines.ts'
import type { ImportSink } from './sink.ts'
import { units } from './unit.ts'

export interface StreamCounts {
  accepted: number
  refused: number
}

/** Of more refusals than this the first are told, and all are counted. */
const mostTold = 10_000

/**
 * Imports NDJSON from a stream. One line is held at a time, and no more is read than is taken in.
 *
 * @param source a name for it under which a create is made once, however often it is imported
 * @param counts grow as it goes on
 * @returns an OperationOutcome for each refusal: line, element and rule, no value
 * @throws what the stream or the sink throws, or the signal's reason, after what is under way has ended
 */
export async function importStream(
  stream: AsyncIterable<Buffer>,
  sink: ImportSink,
  source: string,
  counts: StreamCounts,
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
): Promise<string[]> {
  const outcomes: string[] = []
  const flights = new Flights<Result>(parallel)
  const land = () => {
    for (const { accepted, refused, refusals } of flights.landed()) {
      counts.accepted += accepted
      counts.refused += refused
      outcomes.push(...refusals.slice(0, mostTold - outcomes.length).map(outcomeText))
    }
  }
  try {
    for await (const unit of units(splitLines(stream, beginning))) {
      signal.throwIfAborted()
      await flights.begin(footprint(unit), () => carryOut(sink, unit, source))
      land()
    }
  } finally {
    await flights.settle()
    land()
  }
  flights.throwFailure()
  return outcomes
}

/** Where it stands is said in words: a line is no element. */
function outcomeText({ line, entry, issues }: Result['refusals'][number]): string {
  const place = entry === undefined ? `line ${line}` : `line ${line}, entry ${entry}`
  return JSON.stringify(
    operationOutcome(
      issues.map((one) => ({ ...one, diagnostics: `${place}: ${one.diagnostics ?? one.code}` })),
    ),
  )
}
