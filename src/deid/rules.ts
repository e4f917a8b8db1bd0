import { About, C, CAlways, COrMasked, D, G, K, P, R, S, T, within, type Rule, type Table } from './rule.ts'
import { careTables } from './rules-care.ts'

/**
 * What leaves, element by element: the default rule set of a research release.
 *
 * **Default for anything not named: dropped.** Tables name what is kept and, so that a reader does not
 * wonder, what is dropped on purpose. A type without a table never leaves. `compile.ts` checks every line
 * against the FHIR definitions at start: a name FHIR does not know, a rule its datatype cannot take, or a
 * modifier element without a rule stops the server.
 */

const Patient: Table = {
  active: K,
  gender: K,
  birthDate: G,
  deceasedBoolean: K,
  deceasedDateTime: S,
  address: G,
  identifier: D,
  name: D,
  telecom: D,
  contact: D,
  photo: D,
  link: D,
  maritalStatus: D,
  multipleBirthBoolean: D,
  multipleBirthInteger: D,
  communication: D,
  generalPractitioner: D,
  managingOrganization: D,
}

const value: Table = {
  valueQuantity: K,
  valueCodeableConcept: C,
  valueBoolean: K,
  valueInteger: K,
  valueRange: K,
  valueRatio: K,
  valueDateTime: S,
  valuePeriod: S,
  valueString: T,
  valueTime: D,
  valueSampledData: D, // an ECG is as good as a fingerprint
}

const referenceRange: Rule = within({ low: K, high: K, type: C, appliesTo: C, age: K, text: D })

const Observation: Table = {
  status: K,
  category: C,
  code: COrMasked,
  subject: About,
  focus: About, // a fetus, a donor: without it the finding would be the patient's
  encounter: R,
  effectiveDateTime: S,
  effectivePeriod: S,
  effectiveTiming: S,
  effectiveInstant: S,
  ...value,
  dataAbsentReason: C,
  interpretation: C,
  bodySite: C,
  method: C,
  specimen: R,
  device: R,
  referenceRange,
  hasMember: R,
  derivedFrom: R,
  basedOn: R,
  partOf: R,
  component: within({ code: C, ...value, dataAbsentReason: C, interpretation: C, referenceRange }),
  identifier: D,
  issued: D, // the hour a laboratory released it says more about the hospital than effective does
  performer: D,
  note: T,
}

const ImagingStudy: Table = {
  identifier: P,
  status: K,
  modality: C,
  subject: About,
  encounter: R,
  started: S,
  basedOn: R,
  numberOfSeries: K,
  numberOfInstances: K,
  procedureReference: R,
  procedureCode: C,
  reasonCode: C,
  reasonReference: R,
  series: within({
    uid: P,
    number: K,
    modality: COrMasked,
    numberOfInstances: K,
    bodySite: C,
    laterality: C,
    specimen: R,
    started: S,
    instance: within({ uid: P, sopClass: P, number: K, title: T }),
    description: T,
    endpoint: D,
    performer: D,
  }),
  description: T,
  note: T,
  referrer: D,
  interpreter: D,
  endpoint: D,
  location: D,
}

const DiagnosticReport: Table = {
  status: K,
  category: C,
  code: COrMasked,
  subject: About,
  encounter: R,
  effectiveDateTime: S,
  effectivePeriod: S,
  basedOn: R,
  specimen: R,
  result: R,
  imagingStudy: R,
  conclusionCode: C,
  identifier: D,
  issued: D,
  performer: D,
  resultsInterpreter: D,
  media: D,
  conclusion: T,
  presentedForm: T,
}

const Encounter: Table = {
  status: K,
  class: COrMasked,
  type: C,
  serviceType: C,
  priority: C,
  subject: About,
  period: S,
  length: K,
  reasonCode: C,
  reasonReference: R,
  partOf: R,
  basedOn: R,
  diagnosis: within({ condition: R, use: C, rank: K }),
  hospitalization: within({
    admitSource: C,
    reAdmission: C,
    dischargeDisposition: C,
    preAdmissionIdentifier: D,
    origin: D,
    destination: D,
    specialCourtesy: D, // marks VIPs and staff
    dietPreference: D, // tells a religion
    specialArrangement: D,
  }),
  identifier: D,
  participant: D,
  appointment: D,
  account: D,
  location: D,
  serviceProvider: D,
}

const Condition: Table = {
  clinicalStatus: CAlways,
  verificationStatus: CAlways,
  category: C,
  severity: C,
  code: C,
  bodySite: C,
  subject: About,
  encounter: R,
  onsetDateTime: S,
  onsetAge: K,
  onsetPeriod: S,
  onsetRange: K,
  abatementDateTime: S,
  abatementAge: K,
  abatementPeriod: S,
  abatementRange: K,
  recordedDate: S,
  stage: within({ summary: C, assessment: R, type: C }),
  evidence: within({ code: C, detail: R }),
  identifier: D,
  recorder: D,
  asserter: D,
  onsetString: T,
  abatementString: T,
  note: T,
}

/** The tables by resource type. */
export const tables: Readonly<Record<string, Table>> = {
  Patient,
  Observation,
  ImagingStudy,
  DiagnosticReport,
  Encounter,
  Condition,
  ...careTables,
}

/**
 * Types that may leave inside another resource: things, not statements about the patient. What is stated
 * inside a resource of another type would pass by the permit's filters and elements for its own type.
 */
export const containable: ReadonlySet<string> = new Set(['Medication', 'Device', 'Specimen'])
