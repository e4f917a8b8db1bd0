import type { JsonObject, Resource } from '../../fhir/json.ts'
import { ageAt, clockTime, dateTime, dayOf, shortDate, type Minute } from './calendar.ts'
import { analytes, panels, type Analyte, type AnalyteName, type Range } from './analytes.ts'
import type { Visit } from './course.ts'
import { serviceOf, serviceReference, type Doctor } from './hospital.ts'
import { drawValues, type State } from './physiology.ts'
import { encounterReference, idOf, subject, type PatientRecord, type VisitRecord } from './record.ts'
import { coding, concept, decimal, hl7Coding, quantity, reference, systems } from './resource.ts'

/** The Observations of one blood sample. */
export interface Sample {
  readonly takenAt: Minute
  readonly observations: readonly Resource[]
}

/** Blood samples of a visit: one, or one every few days of a stay. */
export function samples(record: PatientRecord, visitRecord: VisitRecord): Sample[] {
  const { visit } = visitRecord
  if (visit.panels.length === 0) return []
  const days = visit.kind === 'stay' ? Math.floor((visit.end - visit.start) / 1440) : 0
  // the first sample of a stay was taken in the emergency ward
  const offsets = visit.kind === 'stay' ? [1, 4].filter((day) => day <= days) : [0]
  return offsets.map((offset) => {
    const takenAt = offset === 0 ? visit.start + record.from.integer(5, 25) : morning(record, visit, offset)
    return { takenAt, observations: sample(record, visitRecord, takenAt, offset) }
  })
}

function morning({ from }: PatientRecord, visit: Visit, offset: number): Minute {
  return (dayOf(visit.start) + offset) * 1440 + 6 * 60 + from.integer(0, 70)
}

function sample(
  record: PatientRecord,
  visitRecord: VisitRecord,
  takenAt: Minute,
  offset: number,
): Resource[] {
  const { visit } = visitRecord
  const state = stateAt(record, visit, takenAt, offset)
  const values = drawValues(record.from, record.constitution, state)
  return visit.panels
    .flatMap((panel): readonly AnalyteName[] => panels[panel])
    .filter((name) => name !== 'dfg' || state.age >= 18)
    .map((name) => observation(record, visitRecord, { name, value: values[name], takenAt }))
}

/**
 * How the person is at a moment of a visit.
 *
 * @param offset days since the illness was at its worst
 */
export function stateAt(
  { person, course }: PatientRecord,
  visit: Visit,
  when: Minute,
  offset: number,
): State {
  const today = dayOf(when)
  const { illness } = visit
  return {
    age: ageAt(person.birth, today),
    diseases: new Set([
      ...course.diagnoses.filter(({ onset }) => onset <= today).map(({ disease }) => disease.code),
      ...(illness === undefined ? [] : [illness.code]),
    ]),
    inflammation: (illness?.crp ?? 0) * 0.62 ** offset,
    infarction: illness?.code === 'I21.9',
    dehydrated: offset < 3 && (illness?.code === 'E86' || illness?.code === 'A09.9'),
  }
}

interface Result {
  readonly name: AnalyteName
  readonly value: number
  readonly takenAt: Minute
}

function observation(
  record: PatientRecord,
  visitRecord: VisitRecord,
  { name, value, takenAt }: Result,
): Resource {
  const analyte: Analyte = analytes[name]
  const range = analyte.range[record.person.gender]
  // judged as printed: 5.0 against 5.0 is not high
  const printed = Number(value.toFixed(analyte.decimals))
  const judgement = judge(printed, range, analyte.critical)
  const note = noteOf(record, visitRecord.visit.doctor, judgement, takenAt)
  return {
    resourceType: 'Observation',
    id: record.nextId('obs'),
    status: 'final',
    category: [concept(hl7Coding('observation-category', 'laboratory', 'Laboratory'))],
    code: concept(coding(systems.loinc, analyte.loinc, analyte.name), analyte.text),
    subject: subject(record.person),
    encounter: encounterReference(visitRecord),
    effectiveDateTime: dateTime(takenAt),
    issued: dateTime(takenAt + record.from.integer(40, 190)),
    performer: [serviceReference(serviceOf(record.hospital, 'bio'))],
    valueQuantity: measured(analyte, printed),
    interpretation: [concept(hl7Coding('v3-ObservationInterpretation', judgement))],
    ...(note === undefined ? {} : { note: [{ text: note }] }),
    referenceRange: [referenceRange(analyte, range)],
  }
}

/** The INR has a UCUM code and no printed unit. */
function measured(analyte: Analyte, value: number): JsonObject {
  if (analyte.unit !== '') return quantity(value, analyte.decimals, analyte.unit, analyte.ucum)
  return { value: decimal(value, analyte.decimals), system: systems.ucum, code: analyte.ucum }
}

function referenceRange(analyte: Analyte, [low, high]: Range): JsonObject {
  return {
    ...(low === undefined ? {} : { low: measured(analyte, low) }),
    ...(high === undefined ? {} : { high: measured(analyte, high) }),
  }
}

type Judgement = 'N' | 'L' | 'H' | 'LL' | 'HH'

function judge(value: number, range: Range, critical: Range = [undefined, undefined]): Judgement {
  if (value < (critical[0] ?? -Infinity)) return 'LL'
  if (value > (critical[1] ?? Infinity)) return 'HH'
  if (value < (range[0] ?? -Infinity)) return 'L'
  return value > (range[1] ?? Infinity) ? 'H' : 'N'
}

/** Now and then the laboratory writes a remark; it telephones what is critical. */
function noteOf(
  { from, person }: PatientRecord,
  doctor: Doctor,
  judgement: Judgement,
  at: Minute,
): string | undefined {
  if (judgement === 'LL' || judgement === 'HH') {
    const when = `le ${shortDate(dayOf(at))} à ${clockTime(at + 45)}`
    return `Résultat contrôlé et téléphoné au ${doctor.name} ${when}, poste ${doctor.phone}.`
  }
  if (!from.chance(0.015)) return undefined
  return from.pick([
    'Prélèvement légèrement hémolysé.',
    `Identité vérifiée : ${person.family.toUpperCase()} ${person.given[0]}, IPP ${person.ipp}.`,
    'À contrôler sur un nouveau prélèvement.',
  ])
}

/** An entry of `DiagnosticReport.result`. */
export function observationReference(observation: Resource): JsonObject {
  return reference('Observation', idOf(observation))
}
