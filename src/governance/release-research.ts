import type { DataDefinition } from '../access/access.ts'
import { deidentify } from '../deid/apply.ts'
import { knownCodeSystems } from '../deid/codes.ts'
import { uid } from '../deid/pseudonym.ts'
import { residue } from '../deid/residue.ts'
import { parseJson, stringifyJson, type Resource } from '../fhir/json.ts'
import { parseReference } from '../fhir/reference.ts'
import { display } from '../fhir/terminology/terminology.ts'
import { referencesIn } from '../identity/references.ts'
import type { StoredRow } from '../store/row.ts'
import type { ReleasedMembers } from './pseudonyms.ts'
import type { Released } from './release-care.ts'

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
  members: ReleasedMembers,
  targets: ReleasedTargets,
  year: number,
): Released | undefined {
  const shiftDays = members.shiftDays(row.patient)
  const id = members.pseudonym(row.type, row.id, row.patient)
  // who left the cohort meanwhile has no pseudonym, and nothing of theirs leaves
  if (shiftDays === undefined || id === undefined) return undefined
  const patientOf = (type: string, id: string) => targets.get(`${type}/${id}`) ?? row.patient
  const marks = { permit: permitId, codeSystems: knownCodeSystems, display }
  const result = deidentify(resource, {
    ...marks,
    pseudonym: (type, id) => {
      const name = members.pseudonym(type, id, patientOf(type, id))
      if (name === undefined) throw new TypeError('only what is released has a name')
      return name
    },
    isReleased: (type, id) => targets.has(`${type}/${id}`) && members.areOf(type, id, patientOf(type, id)),
    uid: (dicom) => uid(members.permit, dicom),
    shiftDays,
    clockYear: year,
    ...(data.elements === undefined ? {} : { elements: data.elements }),
  })
  if ('refused' in result || residue(result.released, marks).length > 0) return undefined
  return {
    type: row.type,
    id,
    version: row.version,
    updatedAt: row.updatedAt,
    text: stringifyJson(result.released),
    row,
  }
}
