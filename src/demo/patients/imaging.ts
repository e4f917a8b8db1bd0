import type { JsonObject, Resource } from '../../fhir/json.ts'
import { dateTime, dayOf, isoDate, type Minute } from './calendar.ts'
import { examinations, sopClasses, type Examination, type ExaminationName } from './examinations.ts'
import { doctorReference, locationReference, serviceOf, type Doctor } from './hospital.ts'
import { encounterReference, subject, type PatientRecord, type VisitRecord } from './record.ts'
import { coding, identifier, padded, systems } from './resource.ts'

/** An examination that was made, for the report to tell of. */
export interface Study {
  readonly resource: Resource
  readonly examination: Examination
  readonly takenAt: Minute
  readonly radiologist: Doctor
  readonly accession: string
}

/** Roots as the makers of modalities have them: each UID tells the maker, often the machine and the time. */
const vendorRoots = {
  CR: '1.2.392.200036.9125.2',
  DX: '1.3.46.670589.26.702',
  CT: '1.2.840.113619.2.278.3',
  MR: '1.3.12.2.1107.5.2.43',
  US: '1.2.276.0.26.1.1.1.2',
  MG: '1.2.840.113619.2.255',
} as const

/** The ImagingStudies of a visit, each with accession number, series and, for few images, instances. */
export function studies(record: PatientRecord, visitRecord: VisitRecord): Study[] {
  return visitRecord.visit.examinations.map((name, index) => study(record, visitRecord, name, index))
}

function study(record: PatientRecord, visitRecord: VisitRecord, name: ExaminationName, index: number): Study {
  const { from, person, hospital } = record
  const { visit } = visitRecord
  const examination: Examination = examinations[name]
  const imaging = serviceOf(hospital, 'radio')
  const radiologist = from.pick(imaging.doctors)
  const takenAt = Math.min(visit.start + 30 + index * 25 + from.integer(0, 40), visit.end)
  const day = isoDate(dayOf(takenAt)).replaceAll('-', '')
  const accession = `IM${day.slice(2)}${padded(from.integer(0, 99_999), 5)}`
  const studyUid = `${vendorRoots[examination.modality]}.${from.integer(10_000, 99_999)}.${day}.${person.number}${padded(from.integer(0, 999_999), 6)}`
  const made = examination.series.map((series) => from.integer(series.instances[0], series.instances[1]))
  const series = made.flatMap((count, number) =>
    count === 0 ? [] : [seriesOf(record, examination, number, count, studyUid, takenAt)],
  )
  const resource: Resource = {
    resourceType: 'ImagingStudy',
    id: record.nextId('img'),
    identifier: [
      { system: systems.dicomUid, value: `urn:oid:${studyUid}` },
      identifier('ACSN', systems.accession, accession),
    ],
    status: 'available',
    modality: [coding(systems.dicom, examination.modality)],
    subject: subject(person),
    encounter: encounterReference(visitRecord),
    started: dateTime(takenAt),
    referrer: doctorReference(visit.doctor),
    interpreter: [doctorReference(radiologist)],
    numberOfSeries: series.length,
    numberOfInstances: made.reduce((sum, count) => sum + count, 0),
    procedureCode: [procedure(examination)],
    location: locationReference(imaging),
    reasonCode: [{ text: visit.reason }],
    description: `${examination.title} - ${person.family.toUpperCase()} ${person.given[0]}`,
    series,
  }
  return { resource, examination, takenAt, radiologist, accession }
}

function procedure({ ccam, title }: Examination): JsonObject {
  if (ccam === undefined) return { text: title }
  return { coding: [coding('urn:oid:1.2.250.1.213.2.5', ccam, title)], text: title }
}

/** Archives list the images of a radiograph one by one; of a scanner they give the count. */
const listedInstances = 6

function seriesOf(
  { from }: PatientRecord,
  examination: Examination,
  index: number,
  count: number,
  studyUid: string,
  takenAt: Minute,
): JsonObject {
  const uid = `${studyUid}.${index + 1}`
  const [code, display] = examination.bodySite
  return {
    uid,
    number: index + 1,
    modality: coding(systems.dicom, examination.modality),
    description: examination.series[index]?.title ?? '',
    numberOfInstances: count,
    bodySite: coding('http://snomed.info/sct', code, display),
    started: dateTime(takenAt + index * 2),
    ...(count > listedInstances
      ? {}
      : {
          instance: Array.from({ length: count }, (_, number) => ({
            uid: `${uid}.${number + 1}.${from.integer(1000, 9999)}`,
            sopClass: coding('urn:ietf:rfc:3986', `urn:oid:${sopClasses[examination.modality]}`),
            number: number + 1,
          })),
        }),
  }
}
