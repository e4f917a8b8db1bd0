import { Decimal, type JsonObject } from '../../fhir/json.ts'

/** Code and identifier systems that the synthetic hospital uses beside the international ones. */
export const systems = {
  ins: 'urn:oid:1.2.250.1.213.1.4.8',
  rpps: 'urn:oid:1.2.250.1.71.4.2.1',
  finess: 'https://finess.esante.gouv.fr',
  icd10: 'http://hl7.org/fhir/sid/icd-10',
  loinc: 'http://loinc.org',
  ucum: 'http://unitsofmeasure.org',
  dicomUid: 'urn:dicom:uid',
  dicom: 'http://dicom.nema.org/resources/ontology/DCM',
  ipp: 'https://chu-broceliande.example/identifiants/ipp',
  visit: 'https://chu-broceliande.example/identifiants/venue',
  accession: 'https://chu-broceliande.example/identifiants/demande-imagerie',
  report: 'https://chu-broceliande.example/identifiants/compte-rendu',
  service: 'https://chu-broceliande.example/identifiants/service',
  visitType: 'https://chu-broceliande.example/codes/type-venue',
} as const

const hl7 = 'http://terminology.hl7.org/CodeSystem/'

export function coding(system: string, code: string, display?: string): JsonObject {
  return display === undefined ? { system, code } : { system, code, display }
}

/** A coding of a code system that HL7 publishes: `v3-ActCode`, `condition-clinical`, … */
export function hl7Coding(name: string, code: string, display?: string): JsonObject {
  return coding(hl7 + name, code, display)
}

export function concept(one: JsonObject, text?: string): JsonObject {
  return text === undefined ? { coding: [one] } : { coding: [one], text }
}

export function reference(type: string, id: string, display?: string): JsonObject {
  return display === undefined ? { reference: `${type}/${id}` } : { reference: `${type}/${id}`, display }
}

/** @param type a code of HL7 table 0203: `MR`, `VN`, `ACSN`, … */
export function identifier(type: string, system: string, value: string): JsonObject {
  return { type: concept(hl7Coding('v2-0203', type)), system, value }
}

/** A number with as many decimals as the analyser prints: 7 with one decimal is `7.0`. */
export function decimal(value: number, decimals: number): number | Decimal {
  const text = value.toFixed(decimals)
  return String(Number(text)) === text ? Number(text) : new Decimal(text)
}

/** @param code UCUM */
export function quantity(value: number, decimals: number, unit: string, code: string): JsonObject {
  return { value: decimal(value, decimals), unit, system: systems.ucum, code }
}

/** `7` with width 6 is `000007`. */
export function padded(number: number, width: number): string {
  return String(number).padStart(width, '0')
}
