import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Access } from '../access/access.ts'
import { operationOutcome } from '../fhir/outcome.ts'
import type { Gate } from '../governance/gate.ts'
import type { Store } from '../store/store.ts'
import { openWriters } from '../store/writers.ts'
import type { ExportFile, PartPlan } from './jobs.ts'
import { NdjsonWriter, type FilePlace } from './ndjson-file.ts'
import { patientsOf } from './patients.ts'
import type { ExportRequest } from './request.ts'

/** Patients of one part: with a hundred resources of a kilobyte each, 50 MB, done again after a crash. */
const patientsPerPart = 500
/** How long a write may take from reading its clock to its first lock. */
const clockToLockMs = 250
/** How often to look whether the writers have ended. */
const lookAgainMs = 50

/**
 * Waits until nothing that is dated at or before the job's time can still be committed.
 *
 * A write reads its clock inside its transaction, after or just before it takes its first lock, and
 * commits later: at the moment the job's time is fixed, a resource of an earlier date may not yet be
 * visible. Such a transaction holds its locks by now, or will within `clockToLockMs`; when those that do
 * are gone, every snapshot taken from then on sees all that is dated before. What begins later is dated
 * later, and is left out by its date.
 *
 * @throws the signal's reason when it is aborted
 */
export async function settle(store: Store, signal: AbortSignal): Promise<void> {
  await sleep(clockToLockMs, undefined, { signal })
  const look = () => store.read('care', openWriters)
  let waitedFor = await look()
  while (waitedFor.size > 0) {
    await sleep(lookAgainMs, undefined, { signal })
    const now = await look()
    waitedFor = new Set([...waitedFor].filter((writer) => now.has(writer)))
  }
}

/** Cuts a job: by patients where they can be listed, else by type. An empty cohort has no parts. */
export async function planParts(
  store: Store,
  gate: Gate,
  access: Access,
  request: ExportRequest,
): Promise<PartPlan[]> {
  const patients = await store.snapshot(access.kind, (tx) => patientsOf(tx, gate, access, request))
  if (patients === undefined) return request.types.map((type) => ({ types: [type], patients: undefined }))
  const parts: PartPlan[] = []
  for (let at = 0; at < patients.length; at += patientsPerPart) {
    parts.push({ types: request.types, patients: patients.slice(at, at + patientsPerPart) })
  }
  return parts
}

/** Under lenient handling, the file that says what was left out: one OperationOutcome a line. */
export async function writeIgnored(
  place: Omit<FilePlace, 'file'>,
  ignored: readonly string[],
): Promise<ExportFile[]> {
  if (ignored.length === 0) return []
  const writer = await NdjsonWriter.create({ ...place, file: randomUUID() })
  const outcomes = ignored.map((name) =>
    operationOutcome([
      { severity: 'warning', code: 'not-supported', diagnostics: `${name}: ignored, in whole or in part` },
    ]),
  )
  await writer.write(outcomes.map((outcome) => JSON.stringify(outcome)))
  return [{ ...(await writer.finish()), type: 'OperationOutcome', isError: true }]
}
