import fc from 'fast-check'
import type { Resource } from '../../src/fhir/json.ts'
import { matches, type MatchOptions } from '../../src/fhir/matches.ts'
import { base, parse, strict } from '../support/search.ts'

const options: MatchOptions = { zone: 'Europe/Paris', base }

function isFound(search: string, resource: Resource, more: MatchOptions = options): boolean {
  return matches(parse(search, strict).query, resource, more)
}

const anne: Resource = {
  resourceType: 'Patient',
  id: 'Anne-1',
  active: true,
  gender: 'female',
  birthDate: '1974-12',
  identifier: [{ system: 'urn:oid:1.2', value: 'Ab-1' }],
  name: [{ family: 'Le Goff', given: ['Anne-Éléonore', 'Marie'] }, { text: 'Mme Dupont-Öçal' }],
  telecom: [{ system: 'phone', value: '0299123456' }],
  managingOrganization: { reference: 'Organization/chu' },
  generalPractitioner: [{ identifier: { system: 'urn:oid:9', value: 'Rpps1' } }],
}

const glucose: Resource = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: 'LA-1' }, { code: 'local' }] },
  subject: { reference: 'Patient/Anne-1' },
  valueQuantity: { value: 5.4, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
}

describe('A token (R4 § Search, "token")', () => {
  it.each([
    ['Observation?code=la-1', true],
    ['Observation?code=LA-1', true],
    ['Observation?code=LA', false],
    ['Observation?code=http://loinc.org|la-1', true],
    ['Observation?code=http://LOINC.org|LA-1', false],
    ['Observation?code=http://loinc.org|local', false],
    ['Observation?code=|local', true],
    ['Observation?code=|LA-1', false],
    ['Observation?code=http://loinc.org|', true],
    ['Observation?code=http://snomed.info/sct|', false],
    ['Observation?code=x,local', true],
    ['Observation?code=local&code=la-1', true],
    ['Observation?code=local&code=x', false],
    ['Observation?code:not=x', true],
    ['Observation?code:not=x,local', false],
    ['Observation?category:not=laboratory', true],
    ['Observation?category:missing=true', true],
    ['Observation?category:missing=false', false],
    ['Observation?code:missing=false', true],
    ['Observation?status=http://hl7.org/fhir/observation-status|final', true],
    ['Observation?_id=o1', true],
    ['Observation?_id=O1', false],
    ['Patient?_id=o1', false],
  ])('%s: %s', (search, expected) => {
    expect(isFound(search, glucose)).toBe(expected)
  })

  it.each([
    ['Patient?identifier=Ab-1', true],
    ['Patient?identifier=ab-1', false],
    ['Patient?identifier=urn:oid:1.2|Ab-1', true],
    ['Patient?identifier=urn:oid:1.3|Ab-1', false],
    ['Patient?active=true', true],
    ['Patient?deceased=false', true],
    ['Patient?phone=0299123456', true],
    ['Patient?email=0299123456', false],
    ['Patient?general-practitioner:identifier=urn:oid:9|Rpps1', true],
    ['Patient?general-practitioner:identifier=urn:oid:9|rpps1', false],
    ['Patient?general-practitioner:missing=false', true],
  ])('%s: %s', (search, expected) => {
    expect(isFound(search, anne)).toBe(expected)
  })
})

describe('A string (R4 § Search, "string")', () => {
  it.each([
    ['Patient?name=le', true],
    ['Patient?name=LE  GÔFF', true],
    ['Patient?name=goff', false],
    ['Patient?name:contains=GOFF', true],
    ['Patient?given=anne eleo', true],
    ['Patient?given=anneeleonore', false],
    ['Patient?name=mme dupont ocal', true],
    ['Patient?family=anne', false],
    ['Patient?family:exact=Le Goff', true],
    ['Patient?family:exact=le goff', false],
    ['Patient?family:exact=Le', false],
    ['Patient?given=zoe,marie', true],
    ['Patient?address:missing=true', true],
  ])('%s: %s', (search, expected) => {
    expect(isFound(search, anne)).toBe(expected)
  })
})

describe('A date (R4 § Search, "date": the examples of its table)', () => {
  const at = (effective: object): Resource => ({ resourceType: 'Observation', ...effective })
  const instant = (effectiveDateTime: string) => at({ effectiveDateTime })
  const period = (start?: string, end?: string) =>
    at({
      effectivePeriod: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
    })

  it.each([
    ['eq2013-01-14', instant('2013-01-14T00:00:00+01:00'), true],
    ['eq2013-01-14', instant('2013-01-14T10:00:00+01:00'), true],
    ['eq2013-01-14', instant('2013-01-15T00:00:00+01:00'), false],
    ['ne2013-01-14', instant('2013-01-15T00:00:00+01:00'), true],
    ['ne2013-01-14', instant('2013-01-14T00:00:00+01:00'), false],
    ['lt2013-01-14T10:00', instant('2013-01-14'), true],
    ['lt2013-01-14T10:00', period('2013-01-13T12:00:00+01:00', '2013-01-14T12:00:00+01:00'), true],
    ['lt2013-01-14T10:00', period('2013-01-14T08:00:00+01:00', '2013-01-15T08:00:00+01:00'), true],
    ['gt2013-01-14T10:00', instant('2013-01-14'), true],
    ['gt2013-01-14T10:00', period('2013-01-13T12:00:00+01:00', '2013-01-14T12:00:00+01:00'), true],
    ['gt2013-01-14T10:00', period('2013-01-14T08:00:00+01:00', '2013-01-15T08:00:00+01:00'), true],
    ['ge2013-03-14', period('2013-01-21'), true],
    ['le2013-03-14', period('2013-01-21'), true],
    ['sa2013-03-14', period('2013-03-15'), true],
    ['sa2013-03-14', period('2013-01-21'), false],
    ['sa2013-03-14', period(undefined, '2013-01-21'), false],
    ['eb2013-03-14', period('2013-03-15'), false],
    ['eb2013-03-14', period('2013-01-21'), false],
    ['eb2013-03-14', period(undefined, '2013-01-21'), true],
    ['ap2013-03-14', instant('2013-03-14'), true],
    // precision: a month is not within a day of it
    ['2013-01-14', instant('2013-01'), false],
    ['2013-01', instant('2013-01-14'), true],
    ['2013', period('2013-02', '2013-03'), true],
    ['2013', period('2013-02'), false],
    // a day is that of the hospital's clock
    ['2013-01-14', instant('2013-01-13T23:30:00Z'), true],
    ['2013-01-14', instant('2013-01-14T23:30:00Z'), false],
    ['2012,2013-01', instant('2013-01-14'), true],
  ])('%s on %o: %s', (value, resource, expected) => {
    expect(isFound(`Observation?date=${value}`, resource)).toBe(expected)
  })
})

describe('A quantity (R4 § Search, "quantity")', () => {
  it.each([
    ['5.4', true],
    ['5.40', true],
    ['5.41', false],
    ['5', true],
    ['ne5', false],
    ['gt5.4', false],
    ['ge5.4', true],
    ['lt5.5', true],
    ['ap5', true],
    ['5.4|http://unitsofmeasure.org|mmol/L', true],
    ['5.4|http://unitsofmeasure.org|mmol/l', true],
    ['5.4|http://unitsofmeasure.org|mg/dL', false],
    ['5.4|http://unitsofmeasure.org|', true],
    ['5.4|http://other.example|mmol/L', false],
    ['5.4||mmol/L', true],
    ['5.4||mg', false],
    ['6,5.4', true],
  ])('%s: %s', (value, expected) => {
    expect(isFound(`Observation?value-quantity=${value}`, glucose)).toBe(expected)
  })

  it('without a system is asked for by code or by unit', () => {
    const printed = { ...glucose, valueQuantity: { value: 5.4, unit: 'millimol', code: 'mmol' } }
    const found = (unit: string) => isFound(`Observation?value-quantity=5.4||${unit}`, printed)
    expect(['millimol', 'mmol', 'Millimol'].map(found)).toEqual([true, true, false])
  })

  it('below a limit is not that limit', () => {
    const low = { ...glucose, valueQuantity: { value: 5, comparator: '<' } }
    expect(
      ['lt5', 'le5', 'ge5', 'gt5', '5'].map((value) => isFound(`Observation?value-quantity=${value}`, low)),
    ).toEqual([true, true, false, false, false])
  })
})

describe('A reference or URI (R4 § Search, "reference", "uri")', () => {
  it.each([
    ['Observation?subject=Anne-1', true],
    ['Observation?subject=anne-1', false],
    ['Observation?subject=Patient/Anne-1', true],
    ['Observation?subject=Group/Anne-1', false],
    ['Observation?subject:Patient=Anne-1', true],
    ['Observation?subject:Group=Anne-1', false],
    [`Observation?subject=${base}/Patient/Anne-1`, true],
    ['Observation?subject=http://x.example/Patient/Anne-1', false],
    ['Observation?patient=Anne-1', true],
    ['Observation?encounter:missing=true', true],
  ])('%s: %s', (search, expected) => {
    expect(isFound(search, glucose)).toBe(expected)
  })

  it.each([
    ['url=http://x.example/fhir/ValueSet/a', true],
    ['url=http://x.example/fhir/ValueSet/A', false],
    ['url:below=http://x.example/fhir', true],
    ['url:below=http://x.example/fhir/', true],
    ['url:below=http://x.example/fh', false],
    ['url:above=http://x.example/fhir/ValueSet/a/b', true],
    ['url:above=http://x.example/fhir/ValueSet/ab', false],
  ])('ValueSet?%s: %s', (parameters, expected) => {
    const valueSet = { resourceType: 'ValueSet', url: 'http://x.example/fhir/ValueSet/a' }
    expect(isFound(`ValueSet?${parameters}`, valueSet)).toBe(expected)
  })
})

describe('Chains and _has (R4 § Search, "Chained parameters", "Reverse Chaining")', () => {
  const chu: Resource = { resourceType: 'Organization', id: 'chu', name: 'CHU de Rennes' }
  const all = [anne, glucose, chu]
  const linked: MatchOptions = {
    ...options,
    resolve: (type, id) => all.find((one) => one.resourceType === type && one['id'] === id),
    referring: (type) => all.filter((one) => one.resourceType === type),
  }

  it.each([
    ['Observation?patient.gender=female', glucose, true],
    ['Observation?patient.gender=male', glucose, false],
    ['Observation?patient.gender:not=male', glucose, true],
    ['Observation?subject:Patient.organization.name=chu', glucose, true],
    ['Observation?subject:Patient.organization.name=chru', glucose, false],
    ['Observation?subject:Group.code=x', glucose, false],
    ['Observation?encounter.status=finished', glucose, false],
    ['Patient?_has:Observation:patient:code=local', anne, true],
    ['Patient?_has:Observation:patient:code=other', anne, false],
    ['Patient?_has:Observation:encounter.patient:code=local', anne, undefined],
    ['Organization?_has:Patient:organization:_has:Observation:patient:code=local', chu, true],
    ['Organization?_has:Patient:organization:_has:Observation:patient:code=other', chu, false],
    ['Observation?patient._has:Observation:subject:status=final', glucose, true],
  ])('%s', (search, resource, expected) => {
    if (expected === undefined) expect(() => isFound(search, resource, linked)).toThrow('_has')
    else expect(isFound(search, resource, linked)).toBe(expected)
  })

  it('tell apart resources of two types with one id', () => {
    const ofGroup = { ...glucose, subject: { reference: 'Group/Anne-1' } }
    const search = 'Patient?_has:Observation:subject:code=local'
    expect(isFound(search, anne, { ...linked, referring: () => [ofGroup] })).toBe(false)
    expect(isFound(search, anne, { ...linked, referring: () => [glucose] })).toBe(true)
  })

  it('do not follow a reference that leads nowhere', () => {
    expect(
      isFound(
        'Observation?patient.gender:not=male',
        { ...glucose, subject: { reference: 'Patient/2' } },
        linked,
      ),
    ).toBe(false)
  })

  it('cannot be judged without what they lead to', () => {
    expect(() => isFound('Observation?patient.gender=male', glucose)).toThrow(TypeError)
    expect(() => isFound('Patient?_has:Observation:patient:code=x', anne)).toThrow(TypeError)
  })
})

describe('For any value', () => {
  const codes = fc.constantFrom('a', 'b', 'c', 'A')
  const observations = fc.array(codes, { maxLength: 3 }).map((found): Resource => ({
    resourceType: 'Observation',
    category: found.map((code) => ({ coding: [{ code }] })),
  }))

  it(':not finds what the search without it does not, and :missing=true what :missing=false does not', () => {
    fc.assert(
      fc.property(observations, fc.array(codes, { minLength: 1, maxLength: 3 }), (resource, asked) => {
        const value = asked.join(',')
        const plain = isFound(`Observation?category=${value}`, resource)
        expect(isFound(`Observation?category:not=${value}`, resource)).toBe(!plain)
        const missing = isFound('Observation?category:missing=true', resource)
        expect(isFound('Observation?category:missing=false', resource)).toBe(!missing)
        expect(missing && plain).toBe(false)
      }),
    )
  })

  it('ge and lt, gt and le, eq and ne part the instants between them', () => {
    const instants = fc.date({ min: new Date('1990'), max: new Date('2040'), noInvalidDate: true })
    fc.assert(
      fc.property(
        instants,
        instants,
        fc.constantFrom(4, 7, 10, 16, 19, 23),
        fc.boolean(),
        (a, b, length, same) => {
          const resource: Resource = { resourceType: 'Observation', effectiveDateTime: a.toISOString() }
          const value = (same ? a : b).toISOString().slice(0, length)
          const found = (prefix: string) => isFound(`Observation?date=${prefix}${value}`, resource)
          expect(found('ge')).toBe(!found('lt'))
          expect(found('gt')).toBe(!found('le'))
          expect(found('eq')).toBe(!found('ne'))
          expect(found('eq')).toBe(found('ge') && found('le'))
          expect(found('sa')).toBe(found('gt'))
          expect(found('eb')).toBe(found('lt'))
        },
      ),
    )
  })

  it('ge and lt, gt and le part the numbers between them', () => {
    const numbers = fc.integer({ min: -2000, max: 2000 }).map((thousandths) => thousandths / 1000)
    fc.assert(
      fc.property(numbers, numbers, (value, asked) => {
        const resource: Resource = { resourceType: 'Observation', valueQuantity: { value } }
        const found = (prefix: string) => isFound(`Observation?value-quantity=${prefix}${asked}`, resource)
        expect(found('ge')).toBe(!found('lt'))
        expect(found('gt')).toBe(!found('le'))
        expect(found('eq')).toBe(!found('ne'))
        if (value === asked) expect(found('eq')).toBe(true)
      }),
    )
  })
})
