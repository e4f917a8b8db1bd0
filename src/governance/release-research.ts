import type { DataDefinition } from '../access/access.ts'
import { deidentify } from '../deid/apply.ts'
import { knownCodeSystems } from '../deid/codes.ts'
import {
  patientKeys,
  permitKeys,
  resourcePseudonym,
  uid,
  type PatientKeys,
  type PermitKeys,
} from '../deid/pseudonym.ts'
import { residue } from '../deid/residue.ts'
import { parseJson, stringifyJson, type Resource } from '../fhir/json.ts'
import { parseReference } from '../fhir/reference.ts'
import { display } from '../fhir/terminology/terminology.ts'
import { referencesIn } from '../identity/references.ts'
import { nilPatient, type StoredRow } from '../store/row.ts'
import type { Released } from './release-care.ts'

/** A permit's pseudonyms and offsets, made once from its secret. */
export class Pseudonyms {
  readonly permit: PermitKeys
  private readonly patients = new Map<string, PatientKeys>()

  constructor(secret: Buffer) {
    this.permit = permitKeys(secret)
  }

  patient(key: string): PatientKeys {
    let keys = this.patients.get(key)
    if (!keys) {
      if (this.patients.size >= 10_000) this.patients.clear()
      this.patients.set(key, (keys = patientKeys(this.permit, key)))
    }
    return keys
  }

  /** The id a resource goes out under. @param patient the key of its compartment's patient */
  of(type: string, id: string, patient: string): string {
    if (type === 'Patient') return this.patient(id).pseudonym
    return resourcePseudonym(
      this.permit,
      patient === nilPatient ? undefined : this.patient(patient),
      type,
      id,
    )
  }
}

/** A clinical row, read: the resource as it lies at rest, and the local resources it refers to. */
export interface ReadRow {
  readonly row: StoredRow
  readonly resource: Resource
  readonly references: readonly { readonly type: string; readonly id: string }[]
}

export function readRow(row: StoredRow): ReadRow {
  const resource = parseJson(row.body) as Resource
  const references = referencesIn(resource).flatMap((text) => {
    const reference = parseReference(text)
    return reference.kind === 'relative' ? [{ type: reference.type, id: reference.id }] : []
  })
  return { row, resource, references }
}

/** What of a release the rows of one call may point at: patient's key by `Type/id`. */
export type ReleasedTargets = ReadonlyMap<string, string>

/**
 * De-identifies one row for one permit. Beneath it lies the text at rest: what was sealed away cannot
 * come out here, whatever the rules say.
 *
 * @param year of the release
 * @returns undefined when the rules refuse the resource, or a second look finds anything left over
 */
export function releaseResearch(
  { row, resource }: ReadRow,
  permitId: string,
  data: DataDefinition,
  pseudonyms: Pseudonyms,
  targets: ReleasedTargets,
  year: number,
): Released | undefined {
  const marks = { permit: permitId, codeSystems: knownCodeSystems, display }
  const result = deidentify(resource, {
    ...marks,
    pseudonym: (type, id) => pseudonyms.of(type, id, targets.get(`${type}/${id}`) ?? row.patient),
    isReleased: (type, id) => targets.has(`${type}/${id}`),
    uid: (dicom) => uid(pseudonyms.permit, dicom),
    shiftDays: pseudonyms.patient(row.patient).shiftDays,
    clockYear: year,
    ...(data.elements === undefined ? {} : { elements: data.elements }),
  })
  if ('refused' in result || residue(result.released, marks).length > 0) return undefined
  const id = pseudonyms.of(row.type, row.id, row.patient)
  return {
    type: row.type,
    id,
    version: row.version,
    updatedAt: row.updatedAt,
    text: stringifyJson(result.released),
    row,
  }
}
