import { Buffer } from 'node:buffer'
import type { JsonObject, Resource } from '../../fhir/json.ts'
import { dateTime, dayOf, isoDate, type Minute } from './calendar.ts'
import {
  doctorReference,
  serviceOf,
  serviceReference,
  type Doctor,
  type Service,
  type ServiceCode,
} from './hospital.ts'
import type { Study } from './imaging.ts'
import { observationReference, type Sample } from './laboratory.ts'
import { conclusionOf, letter, pathologyTexts, type Letter } from './letters.ts'
import { encounterReference, idOf, subject, type PatientRecord, type VisitRecord } from './record.ts'
import { coding, concept, hl7Coding, identifier, padded, reference, systems } from './resource.ts'

const kinds = {
  LAB: {
    loinc: '11502-2',
    name: 'Laboratory report',
    text: "CR d'examens biologiques",
    category: 'Laboratory',
  },
  RAD: {
    loinc: '18748-4',
    name: 'Diagnostic imaging study',
    text: "CR d'imagerie médicale",
    category: 'Radiology',
  },
  SP: {
    ...{ loinc: '11526-1', name: 'Pathology study', text: "CR d'anatomie et de cytologie pathologiques" },
    category: 'Surgical Pathology',
  },
} as const

/** The report of a blood sample: its `result` are the Observations. */
export function laboratoryReport(record: PatientRecord, visitRecord: VisitRecord, sample: Sample): Resource {
  return {
    ...report(record, visitRecord, 'LAB', writerOf(record, 'bio', sample.takenAt)),
    result: sample.observations.map(observationReference),
  }
}

/** The radiologist's report: findings in `conclusion`, the whole letter in `presentedForm`. */
export function imagingReport(record: PatientRecord, visitRecord: VisitRecord, study: Study): Resource {
  const { examination, takenAt, radiologist, accession } = study
  const writer = writerOf(record, 'radio', takenAt, radiologist)
  const about = letterOf(record, visitRecord, writer, accession)
  const findings = findingsOf(record, visitRecord, study)
  const body = [
    `Indication : ${visitRecord.visit.reason}.`,
    `Technique : ${examination.series.map((series) => series.title).join(', ')}.`,
    `Résultat : ${findings}`,
  ]
  return {
    ...report(record, visitRecord, 'RAD', writer),
    imagingStudy: [reference('ImagingStudy', idOf(study.resource))],
    conclusion: conclusionOf(record.from, about, findings),
    presentedForm: [
      attachment(letter(record.from, about, examination.title, body), examination.title, about),
    ],
  }
}

/** What the person has shows in the picture, when the examination can show it. */
function findingsOf(
  { from, course }: PatientRecord,
  { visit }: VisitRecord,
  { examination, takenAt }: Study,
): string {
  const codes = [
    visit.illness?.code ?? '',
    ...course.diagnoses.filter(({ onset }) => onset <= dayOf(takenAt)).map(({ disease }) => disease.code),
  ]
  const found = codes.flatMap((code) => examination.findings[code] ?? [])
  return found[0] ?? from.pick(examination.normal)
}

/** The pathologist's report on the operation piece of a visit; undefined when there was none. */
export function pathologyReport(record: PatientRecord, visitRecord: VisitRecord): Resource | undefined {
  const { pathology, end } = visitRecord.visit
  const texts = pathologyTexts[pathology ?? '']
  if (pathology === undefined || texts === undefined) return undefined
  const writer = writerOf(record, 'anap', end)
  const number = `${isoDate(dayOf(end)).slice(2, 4)}P${padded(record.from.integer(0, 99_999), 5)}`
  const about = letterOf(record, visitRecord, writer, number)
  const conclusion = record.from.pick(texts.conclusion)
  const title = `Examen anatomopathologique : ${pathology}`
  const body = [`Macroscopie : ${texts.macro}`, `Conclusion : ${conclusion}`]
  return {
    ...report(record, visitRecord, 'SP', writer),
    conclusion: conclusionOf(record.from, about, conclusion),
    presentedForm: [attachment(letter(record.from, about, title, body), title, about)],
  }
}

interface Writer {
  readonly service: Service
  readonly author: Doctor
  /** of the sample or the picture */
  readonly at: Minute
  readonly writtenAt: Minute
}

function writerOf({ from, hospital }: PatientRecord, code: ServiceCode, at: Minute, author?: Doctor): Writer {
  const service = serviceOf(hospital, code)
  return { service, author: author ?? from.pick(service.doctors), at, writtenAt: at + from.integer(60, 600) }
}

function letterOf(record: PatientRecord, { visit }: VisitRecord, writer: Writer, number: string): Letter {
  const { service, author, at, writtenAt } = writer
  return { person: record.person, service, author, referrer: visit.doctor, writtenAt, examinedAt: at, number }
}

function report(
  record: PatientRecord,
  visitRecord: VisitRecord,
  kind: keyof typeof kinds,
  { service, author, at, writtenAt }: Writer,
): Resource {
  const { loinc, name, text, category } = kinds[kind]
  const id = record.nextId('rep')
  return {
    resourceType: 'DiagnosticReport',
    id,
    identifier: [identifier('FILL', systems.report, `${kind}${id.slice(4)}`)],
    status: 'final',
    category: [concept(hl7Coding('v2-0074', kind, category))],
    code: concept(coding(systems.loinc, loinc, name), text),
    subject: subject(record.person),
    encounter: encounterReference(visitRecord),
    effectiveDateTime: dateTime(at),
    issued: dateTime(writtenAt),
    performer: [serviceReference(service)],
    resultsInterpreter: [doctorReference(author)],
  }
}

function attachment(text: string, title: string, { person, writtenAt }: Letter): JsonObject {
  const bytes = Buffer.from(text, 'utf8')
  return {
    contentType: 'text/plain; charset=utf-8',
    language: 'fr-FR',
    data: bytes.toString('base64'),
    size: bytes.length,
    // file names carry the patient's name, as the departments' scanners make them
    title: `${person.family}_${person.given[0]}_${title}.txt`,
    creation: dateTime(writtenAt),
  }
}
