import { ageAt, at, dayOf, monthOf, weekday, type Day, type Minute } from './calendar.ts'
import { diseases, type Disease } from './diseases.ts'
import type { ExaminationName } from './examinations.ts'
import { serviceOf, type Doctor, type Hospital, type Service, type ServiceCode } from './hospital.ts'
import { season, type Illness } from './illness.ts'
import { illnesses } from './illnesses.ts'
import type { PanelName } from './analytes.ts'
import { birthday, type Person } from './person.ts'
import type { Random } from './random.ts'

/** A lasting disease of one person and the day it was found. */
export interface Diagnosis {
  readonly disease: Disease
  readonly onset: Day
}

/** One contact with the hospital and what is done in it. */
export interface Visit {
  readonly kind: 'consultation' | 'emergency' | 'stay'
  readonly start: Minute
  readonly end: Minute
  readonly service: Service
  readonly doctor: Doctor
  readonly reason: string
  readonly illness: Illness | undefined
  /** the disease that is followed up */
  readonly disease: Disease | undefined
  readonly panels: readonly PanelName[]
  readonly examinations: readonly ExaminationName[]
  /** organ of the operation piece that pathology looked at */
  readonly pathology: string | undefined
  readonly dies: boolean
}

/** What happens to one person, in order of time. */
export interface Course {
  readonly diagnoses: readonly Diagnosis[]
  readonly visits: readonly Visit[]
  readonly death: Minute | undefined
}

/** Years of the record that the hospital has. */
const recordYears = 6
const mostFollowUps = 4

export function drawCourse(from: Random, hospital: Hospital, person: Person, lastDay: Day): Course {
  const firstDay = Math.max(person.birth, lastDay - Math.floor(recordYears * 365.25))
  const diagnoses = drawDiagnoses(from, person, lastDay)
  const illnessVisits = drawIllnesses(from, hospital, person, firstDay, lastDay)
  const followUps = drawFollowUps(from, hospital, diagnoses, firstDay, lastDay)
  const visits = [...illnessVisits, ...followUps]
  if (visits.length < 2) visits.push(checkUp(from, hospital, person, firstDay, lastDay))
  visits.sort((left, right) => left.start - right.start)
  const last = visits.findIndex((visit) => visit.dies)
  const lived = last === -1 ? visits : visits.slice(0, last + 1)
  const death = visits[last]?.end
  return {
    visits: lived,
    diagnoses: diagnoses.filter(({ onset }) => death === undefined || onset < dayOf(death)),
    death,
  }
}

function drawDiagnoses(from: Random, person: Person, lastDay: Day): Diagnosis[] {
  const age = ageAt(person.birth, lastDay)
  const found: Diagnosis[] = []
  for (const disease of diseases) {
    // the kidney has one stage at a time
    if (disease.code === 'N18.4' && found.some((one) => one.disease.code === 'N18.3')) continue
    const grown = Math.min(1, (age - disease.from) / (disease.peak - disease.from))
    const raised = found.some((one) => disease.after?.codes.includes(one.disease.code))
      ? disease.after?.factor
      : 1
    const draw = from.next()
    if (draw >= disease.share[person.gender] * Math.max(0, grown) * (raised ?? 1)) continue
    const latest = Math.min(age, disease.peak + 8)
    const onset =
      birthday(person, from.integer(disease.from, Math.max(disease.from, latest))) + from.integer(0, 364)
    found.push({ disease, onset: Math.min(onset, lastDay - 1) })
  }
  return found
}

function drawIllnesses(
  from: Random,
  hospital: Hospital,
  person: Person,
  firstDay: Day,
  lastDay: Day,
): Visit[] {
  const age = ageAt(person.birth, lastDay)
  const often = age < 70 ? [3, 4, 2, 0.5] : [2, 4, 2, 1.5]
  const count = from.weighted([0, 1, 2, 3], (number) => often[number] ?? 0)
  const had = new Set<Illness>()
  const visits: Visit[] = []
  for (let number = 0; number < count; number++) {
    const day = from.integer(firstDay, lastDay - 30)
    const ageThen = ageAt(person.birth, day)
    // nobody loses the appendix twice
    const possible = illnesses.filter((illness) => !had.has(illness) && canHave(illness, person, ageThen))
    if (possible.length === 0) continue
    const illness = from.weighted(possible, (one) => one.weight * season(one, monthOf(day)))
    had.add(illness)
    visits.push(...illnessVisits(from, hospital, illness, day, ageThen))
  }
  return visits
}

function canHave({ ages, gender }: Illness, person: Person, age: number): boolean {
  return age >= ages[0] && age <= ages[1] && (gender ?? person.gender) === person.gender
}

/** The emergency ward, then a stay when one is admitted. */
function illnessVisits(from: Random, hospital: Hospital, illness: Illness, day: Day, age: number): Visit[] {
  const door: ServiceCode = age < 16 ? 'ped' : illness.code === 'O80.0' ? 'gyn' : 'urg'
  const arrival = at(day, from.integer(6, 23), from.integer(0, 59))
  const leaving = arrival + from.integer(95, 620)
  const common = { illness, disease: undefined, reason: illness.reason, pathology: undefined }
  const emergency: Visit = {
    ...common,
    ...seenBy(from, hospital, door),
    ...{ kind: 'emergency', start: arrival, end: leaving, dies: false },
    ...{ panels: illness.panels, examinations: illness.examinations },
  }
  if (!from.chance(illness.admission)) return [emergency]
  const lethality = illness.lethality * (age < 50 ? 0.1 : (age / 80) ** 3)
  const stayDays = from.integer(illness.stay[0], illness.stay[1])
  const leavingDay = dayOf(leaving) + stayDays
  const stay: Visit = {
    ...common,
    ...seenBy(from, hospital, age < 16 ? 'ped' : illness.service),
    ...{
      kind: 'stay',
      start: leaving + from.integer(5, 50),
      end: at(leavingDay, from.integer(10, 18), from.integer(0, 59)),
    },
    panels: illness.panels.filter((panel) => panel !== 'lipides' && panel !== 'inr'),
    examinations: [],
    pathology: illness.code === 'K35.8' ? 'appendice' : undefined,
    dies: from.chance(lethality),
  }
  return [emergency, stay]
}

function drawFollowUps(
  from: Random,
  hospital: Hospital,
  diagnoses: readonly Diagnosis[],
  firstDay: Day,
  lastDay: Day,
): Visit[] {
  const seen = diagnoses.flatMap((diagnosis) => {
    const first = Math.max(firstDay, diagnosis.onset + 14)
    if (first >= lastDay) return []
    const years = Math.ceil((lastDay - first) / 365)
    const count = Math.min(from.integer(0, Math.min(2, years)), 2)
    return Array.from({ length: count }, (_, index) =>
      followUp(from, hospital, diagnosis, from.integer(first, lastDay - 1), index === 0),
    )
  })
  // the hospital sees the first few; the rest is the family doctor's
  return seen.slice(0, mostFollowUps)
}

function followUp(from: Random, hospital: Hospital, { disease }: Diagnosis, day: Day, first: boolean): Visit {
  const start = consultationTime(from, day)
  return {
    ...{
      kind: 'consultation',
      start,
      end: start + from.integer(15, 50),
      illness: undefined,
      disease,
      dies: false,
    },
    ...seenBy(from, hospital, disease.service),
    reason: `Suivi : ${disease.display.toLowerCase()}`,
    panels: disease.panels,
    examinations: followUpExaminations[disease.code] ?? [],
    pathology: first ? disease.pathology : undefined,
  }
}

const followUpExaminations: Readonly<Record<string, readonly ExaminationName[]>> = {
  'C50.9': ['mammographie'],
  'C18.9': ['scanner-abdominal'],
  'C34.9': ['thorax'],
  'M17.9': ['genou'],
  'I50.0': ['thorax'],
  'G30.9': ['scanner-cerebral'],
  'N18.3': ['reins'],
  'N18.4': ['reins'],
  'E66.9': ['abdomen'],
}

function checkUp(from: Random, hospital: Hospital, person: Person, firstDay: Day, lastDay: Day): Visit {
  const day = from.integer(Math.max(firstDay, person.birth + 7), lastDay - 1)
  const start = consultationTime(from, day)
  const age = ageAt(person.birth, day)
  return {
    ...{
      kind: 'consultation',
      start,
      end: start + from.integer(15, 40),
      illness: undefined,
      disease: undefined,
    },
    ...seenBy(from, hospital, age < 16 ? 'ped' : 'mint'),
    ...{
      reason: age < 16 ? 'Consultation de suivi pédiatrique' : 'Bilan de santé',
      pathology: undefined,
      dies: false,
    },
    panels:
      age < 16 ? ['nfs', 'fer'] : ['nfs', 'ionogramme', 'renal', 'glycemie', 'lipides', 'hepatique', 'tsh'],
    examinations: age >= 50 && person.gender === 'female' ? ['mammographie'] : [],
  }
}

function seenBy(from: Random, hospital: Hospital, code: ServiceCode): { service: Service; doctor: Doctor } {
  const service = serviceOf(hospital, code)
  return { service, doctor: from.pick(service.doctors) }
}

/** Office hours; a day of the weekend becomes the Friday before. */
function consultationTime(from: Random, day: Day): Minute {
  const shift = { 0: 2, 6: 1 }[weekday(day)] ?? 0
  return at(day - shift, from.integer(8, 17), from.pick([0, 10, 15, 20, 30, 40, 45, 50]))
}
