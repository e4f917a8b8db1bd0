import { isObject, type Json, type JsonObject } from '../fhir/json.ts'
import type { Room } from './room.ts'

/**
 * ImagingStudy: its DICOM UIDs name the study in every archive; they stay at rest, so that a permit can
 * show them as UIDs of its own, and never leave as they are. Accession numbers are sealed.
 */
export const imagingStudy: Room = {
  type: 'ImagingStudy',
  mainDate: 'started',
  sealed: { identifier: studyInstanceUids },
}

const dicomUid = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/

/** Of the identifiers the Study Instance UID, system and value alone. */
function studyInstanceUids(value: unknown): JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined
  const uids = (value as Json[]).flatMap((identifier) => {
    if (!isObject(identifier) || identifier['system'] !== 'urn:dicom:uid') return []
    const uid = identifier['value']
    return typeof uid === 'string' && uid.length <= 72 && dicomUid.test(uid)
      ? [{ system: 'urn:dicom:uid', value: uid }]
      : []
  })
  return uids.length > 0 ? uids : undefined
}
