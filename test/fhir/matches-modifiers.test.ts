import { parseJson, type Resource } from '../../src/fhir/json.ts'
import { matches } from '../../src/fhir/matches.ts'
import { base, parse, strict } from '../support/search.ts'

function isFound(search: string, resource: object): boolean {
  const parsed = parseJson(JSON.stringify(resource)) as Resource
  return matches(parse(search, strict).query, parsed, { zone: 'Europe/Paris', base })
}

const ucum = 'http://unitsofmeasure.org'

const pressure = {
  resourceType: 'Observation',
  code: {
    coding: [{ system: 'http://loinc.org', code: '85354-9', display: 'Blood pressure' }],
    text: 'Tension artérielle',
  },
  category: [{ text: 'Signes vitaux' }],
  component: [
    {
      code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
      valueQuantity: { value: 140, system: ucum, code: 'mm[Hg]', unit: 'mmHg' },
    },
    {
      code: { coding: [{ system: 'http://loinc.org', code: '8462-4' }] },
      valueQuantity: { value: 80, system: ucum, code: 'mm[Hg]' },
    },
  ],
}

describe('A composite parameter (R4 § Search, "composite")', () => {
  it.each([
    ['component-code-value-quantity=8480-6$140', true],
    ['component-code-value-quantity=8480-6$gt139', true],
    ['component-code-value-quantity=8480-6$80', false],
    ['component-code-value-quantity=8462-4$gt100', false],
    ['component-code-value-quantity=8462-4$gt100,8480-6$gt100', true],
    [`component-code-value-quantity=http://loinc.org|8480-6$140|${ucum}|mm[Hg]`, true],
    [`component-code-value-quantity=8480-6$gt18|${ucum}|kPa`, true],
    [`component-code-value-quantity=8480-6$gt19|${ucum}|kPa`, false],
    ['component-code-value-quantity=85354-9$140', false],
    ['component-code-value-quantity=8480-6$140&component-code-value-quantity=8462-4$80', true],
    ['combo-code-value-quantity=8480-6$140', true],
    ['combo-code-value-quantity=85354-9$140', false],
    ['code-value-quantity=85354-9$140', false],
    ['component-code-value-quantity:missing=false', true],
    ['code-value-quantity:missing=true', true],
    ['code-value-quantity:missing=false', false],
  ])('%s: %s', (search, expected) => {
    expect(isFound(`Observation?${search}`, pressure)).toBe(expected)
  })
})

describe('The modifier :text (R4 § Search, "Modifiers")', () => {
  it.each([
    ['code:text=blood', true],
    ['code:text=tension ARTERIELLE', true],
    ['code:text=pressure', false],
    ['code:text=85354-9', false],
    ['category:text=signes', true],
    ['category:text=blood,signes', true],
    ['category=signes', false],
  ])('%s: %s', (search, expected) => {
    expect(isFound(`Observation?${search}`, pressure)).toBe(expected)
  })
})

describe('The modifier :of-type (R4 § Search, "Modifiers")', () => {
  const patient = {
    resourceType: 'Patient',
    identifier: [
      {
        value: 'A1',
        type: {
          coding: [
            { system: 'urn:t', code: 'MR' },
            { system: 'urn:u', code: 'PI' },
          ],
          text: 'IPP',
        },
      },
      { value: 'B2', type: { coding: [{ system: 'urn:t', code: 'SS' }] } },
      { value: 'C3' },
    ],
  }
  it.each([
    ['identifier:of-type=urn:t|MR|A1', true],
    ['identifier:of-type=urn:u|PI|A1', true],
    ['identifier:of-type=urn:t|PI|A1', false],
    ['identifier:of-type=urn:t|SS|A1', false],
    ['identifier:of-type=urn:t|MR|a1', false],
    ['identifier:of-type=urn:t|mr|A1', false],
    ['identifier:of-type=urn:t|SS|A1,urn:t|SS|B2', true],
    ['identifier:text=ipp', true],
    ['identifier=A1', true],
    ['identifier:missing=false', true],
  ])('%s: %s', (search, expected) => {
    expect(isFound(`Patient?${search}`, patient)).toBe(expected)
  })
})

describe('A quantity in another UCUM unit (R4 § Search, "quantity")', () => {
  const creatinine = (code: string, value = 88, system = ucum) => ({
    resourceType: 'Observation',
    valueQuantity: { value, system, code, unit: 'as printed' },
  })
  it.each([
    [`88|${ucum}|umol/L`, creatinine('umol/L'), true],
    [`0.088|${ucum}|mmol/L`, creatinine('umol/L'), true],
    [`0.09|${ucum}|mmol/L`, creatinine('umol/L'), true],
    [`0.080|${ucum}|mmol/L`, creatinine('umol/L'), false],
    [`gt0.087|${ucum}|mmol/L`, creatinine('umol/L'), true],
    [`gt0.088|${ucum}|mmol/L`, creatinine('umol/L'), false],
    [`ge0.088|${ucum}|mmol/L`, creatinine('umol/L'), true],
    [`88|${ucum}|mg/L`, creatinine('umol/L'), false],
    [`88|${ucum}|umol/L`, creatinine('umol/L', 88, 'http://other.example'), false],
    [`0.088|http://other.example|mmol/L`, creatinine('umol/L', 88, 'http://other.example'), false],
    [`0.088||mmol/L`, creatinine('umol/L'), false],
    [`37|${ucum}|Cel`, creatinine('[degF]', 98.6), true],
    [`gt37|${ucum}|Cel`, creatinine('K', 311), true],
    [`lt37|${ucum}|Cel`, creatinine('K', 311), false],
    [`5|${ucum}|nonsense`, creatinine('nonsense', 5), true],
    [`5|${ucum}|nonsense`, creatinine('mg', 5), false],
  ])('%s on %j: %s', (value, resource, expected) => {
    expect(isFound(`Observation?value-quantity=${value}`, resource)).toBe(expected)
  })
})

describe('Location.near (R4 § Location, "near")', () => {
  const rennes = { resourceType: 'Location', position: { latitude: 48.1113, longitude: -1.68 } }
  const fiji = { resourceType: 'Location', position: { latitude: -17, longitude: 179.99 } }
  it.each([
    ['48.1113|-1.68|0|km', rennes, true],
    ['48.1113|-1.67|1|km', rennes, true],
    ['48.1113|-1.67|700|m', rennes, false],
    ['48.8566|2.3522|307|km', rennes, false], // Paris is 308 km away
    ['48.8566|2.3522|309|km', rennes, true],
    ['48.3|-1.68', rennes, true],
    ['48.8566|2.3522', rennes, false],
    ['48.8566|2.3522,48|-1.7', rennes, true],
    ['-17|-179.99|3|km', fiji, true],
    ['48|-1', { resourceType: 'Location' }, false],
  ])('%s on %j: %s', (value, resource, expected) => {
    expect(isFound(`Location?near=${value}`, resource)).toBe(expected)
  })

  it('can be missing', () => {
    expect(isFound('Location?near:missing=true', { resourceType: 'Location' })).toBe(true)
    expect(isFound('Location?near:missing=false', rennes)).toBe(true)
  })
})

describe('Search by sound (R4 § Patient, "phonetic")', () => {
  const patient = {
    resourceType: 'Patient',
    name: [{ family: 'Dupont', given: ['Anne-Marie', 'Catherine'] }],
  }
  it.each([
    ['phonetic=Dupond', true],
    ['phonetic=Du', false],
    ['phonetic=Katrine', true],
    ['phonetic=Katrine Dupon', true],
    ['phonetic=Katrine Martin', false],
    ['phonetic=Martin,Dupon', true],
    ['phonetic:missing=true', false],
  ])('%s: %s', (search, expected) => {
    expect(isFound(`Patient?${search}`, patient)).toBe(expected)
  })
})

describe('A chain that ends in a modifier, or leaves its type open (R4 § Search, "Chained parameters")', () => {
  const patient: Resource = {
    resourceType: 'Patient',
    id: '1',
    name: [{ family: 'Le Goff' }],
    gender: 'female',
    identifier: [{ value: 'A', type: { coding: [{ system: 't', code: 'MR' }] } }],
    managingOrganization: { reference: 'Organization/o' },
  }
  const group: Resource = { resourceType: 'Group', id: '1', identifier: [{ value: 'G' }] }
  const organization: Resource = { resourceType: 'Organization', id: 'o', name: 'CHU' }
  const all = [patient, group, organization]
  const options = {
    ...{ zone: 'Europe/Paris', base },
    resolve: (type: string, id: string) => all.find((one) => one.resourceType === type && one['id'] === id),
  }
  const about = (reference?: string): Resource => ({
    resourceType: 'Observation',
    ...(reference === undefined ? {} : { subject: { reference } }),
  })
  const finds = (search: string, resource: Resource) =>
    matches(parse(search, strict).query, resource, options)

  it.each([
    ['subject:Patient.name:exact=Le Goff', 'Patient/1', true],
    ['subject:Patient.name:exact=le goff', 'Patient/1', false],
    ['subject:Patient.gender:not=male', 'Patient/1', true],
    ['subject:Patient.gender:not=female', 'Patient/1', false],
    ['subject:Patient.gender:not=male', 'Patient/unknown', false],
    ['subject:Patient.gender:not=male', undefined, false],
    ['subject:Patient.active:missing=true', 'Patient/1', true],
    ['patient.identifier:of-type=t|MR|A', 'Patient/1', true],
    ['subject.identifier=A', 'Patient/1', true],
    ['subject.identifier=A', 'Group/1', false],
    ['subject.identifier=G', 'Group/1', true],
    ['subject.name=le goff', 'Patient/1', true],
    ['patient.organization.name=chu', 'Patient/1', true],
    ['patient.organization.name:contains=hu', 'Patient/1', true],
    ['patient.organization.name=x', 'Patient/1', false],
  ])('%s on %s: %s', (search, reference, expected) => {
    expect(finds(`Observation?${search}`, about(reference))).toBe(expected)
  })
})
