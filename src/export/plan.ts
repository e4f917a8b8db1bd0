import { randomUUID } from 'node:crypto'
import type { Access } from '../access/access.ts'
import { operationOutcome } from '../fhir/outcome.ts'
import type { Gate } from '../governance/gate.ts'
import { readerOf } from '../store/reader.ts'
import type { Store } from '../store/store.ts'
import type { ExportFile, PartPlan } from './jobs.ts'
import { NdjsonWriter, type FilePlace } from './ndjson-file.ts'
import { patientsOf } from './patients.ts'
import type { ExportRequest } from './request.ts'

/** Patients of one part: with a hundred resources of a kilobyte each, 50 MB, done again after a crash. */
const patientsPerPart = 500
/** Cuts a job: by patients where they can be listed, else by type. An empty cohort has no parts. */
export async function planParts(
  store: Store,
  gate: Gate,
  access: Access,
  request: ExportRequest,
): Promise<PartPlan[]> {
  const patients = await store.snapshot(readerOf(access), (tx) => patientsOf(tx, gate, access, request))
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
