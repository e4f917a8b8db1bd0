import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { generatePatients } from '../../src/demo/generate.ts'
import { nirKey } from '../../src/demo/patients/identifiers.ts'
import { filtrationRate } from '../../src/demo/patients/physiology.ts'
import { isObject, stringifyJson, type Json, type JsonObject, type Resource } from '../../src/fhir/json.ts'
import { validate } from '../../src/fhir/validation/validate.ts'

const batches = [...generatePatients({ seed: 1, patients: 300 })]
const shared = batches[0] ?? []
const patients = batches.slice(1)

function ofType(resources: readonly Resource[], type: string): Resource[] {
  return resources.filter((resource) => resource.resourceType === type)
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function object(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new TypeError('an object expected')
  return value
}

function string(value: Json | undefined): string {
  if (typeof value !== 'string') throw new TypeError('a string expected')
  return value
}

function codeOf(resource: Resource): string {
  return string(objects(object(resource.code).coding)[0]?.code)
}

function laboratory(resources: readonly Resource[], loinc: string): number[] {
  return ofType(resources, 'Observation')
    .filter((observation) => codeOf(observation) === loinc)
    .map((observation) => Number(object(observation.valueQuantity).value))
}

function median(values: readonly number[]): number {
  const middle = values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]
  if (middle === undefined) throw new TypeError('no values')
  return middle
}

function hasDisease(resources: readonly Resource[], code: string): boolean {
  return ofType(resources, 'Condition').some((condition) => codeOf(condition) === code)
}

/** Every `reference` string in a resource, with the place it is at. */
function references(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'reference' && typeof member === 'string' ? [member] : references(member),
  )
}

describe('synthetic patients', () => {
  it('are the same, byte by byte, for the same seed', () => {
    const text = [...generatePatients({ seed: 1, patients: 5 })].flat().map(stringifyJson).join('\n')
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      'd316a3decdf96396a804ef0bcc0ffd8f78d421ec98d401801a274834a0469597',
    )
  })

  it('do not depend on how many are made, and differ between seeds', () => {
    const third = (seed: number, count: number): Resource[] | undefined =>
      [...generatePatients({ seed, patients: count })][3]
    expect(third(7, 3)).toEqual(third(7, 9))
    expect(third(7, 3)).not.toEqual(third(8, 3))
  })

  it('are valid R4 in every resource', () => {
    const issues = batches.flat().flatMap((resource) => validate(resource))
    expect(issues).toEqual([])
  })

  it('come with 60 to 120 resources each on average, the Patient first', () => {
    const mean = patients.flat().length / patients.length
    expect(mean).toBeGreaterThan(60)
    expect(mean).toBeLessThan(120)
    expect(patients.every(([first]) => first?.resourceType === 'Patient')).toBe(true)
  })

  it('refer only to what came before', () => {
    const known = new Set<string>()
    const dangling: string[] = []
    for (const resource of batches.flat()) {
      dangling.push(...references(resource).filter((target) => !known.has(target)))
      known.add(`${resource.resourceType}/${string(resource.id)}`)
    }
    expect(dangling).toEqual([])
  })

  it('have ids that no other resource of the type has', () => {
    const ids = batches.flat().map((resource) => `${resource.resourceType}/${string(resource.id)}`)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('share no object between two resources, so that changing one changes no other', () => {
    const owners = new Map<object, Resource>()
    const sharing: Resource[] = []
    const visit = (value: Json | undefined, owner: Resource): void => {
      if (Array.isArray(value)) value.forEach((one) => visit(one, owner))
      if (!isObject(value)) return
      if ((owners.get(value) ?? owner) !== owner) sharing.push(owner)
      owners.set(value, owner)
      Object.values(value).forEach((member) => visit(member, owner))
    }
    for (const resource of [...shared, ...patients.slice(0, 5).flat()]) visit(resource, resource)
    expect(sharing).toEqual([])
  })
})

describe('who the synthetic patients are', () => {
  const people = ofType(patients.flat(), 'Patient')

  it('women and men, children and very old, in the shares of a university hospital', () => {
    const women = people.filter(({ gender }) => gender === 'female').length / people.length
    expect(women).toBeGreaterThan(0.44)
    expect(women).toBeLessThan(0.6)
    const years = people.map(({ birthDate }) => 2025 - Number(string(birthDate).slice(0, 4)))
    const children = years.filter((age) => age < 18).length / people.length
    expect(children).toBeGreaterThan(0.1)
    expect(children).toBeLessThan(0.25)
    expect(Math.min(...years)).toBeLessThan(3)
    expect(Math.max(...years)).toBeGreaterThan(88)
    expect(median(years)).toBeGreaterThan(40)
    expect(median(years)).toBeLessThan(62)
  })

  it('bear an INS-NIR with the right key, that tells gender and month of birth', () => {
    for (const { identifier, gender, birthDate } of people) {
      const ins = objects(identifier).find(({ system }) => system === 'urn:oid:1.2.250.1.213.1.4.8')
      const value = string(ins?.value)
      expect(value).toMatch(/^[12]\d{4}\d[0-9AB]\d{8}$/)
      expect(value.slice(13)).toBe(nirKey(value.slice(0, 13)))
      expect(value[0]).toBe(gender === 'male' ? '1' : '2')
      expect(value.slice(1, 5)).toBe(string(birthDate).slice(2, 4) + string(birthDate).slice(5, 7))
    }
  })

  it('compute the key modulo 97, with 19 for 2A and 18 for 2B', () => {
    // a number often printed as the example, with its key
    expect(nirKey('2550814168025')).toBe('38')
    for (const [body, counted] of [
      ['184072A004902', 1840719004902n],
      ['275122B033950', 2751218033950n],
    ] as const) {
      expect((counted + BigInt(nirKey(body))) % 97n).toBe(0n)
    }
  })

  it('bear an IPP that nobody else has', () => {
    const numbers = people.map(({ identifier }) => string(objects(identifier)[1]?.value))
    expect(new Set(numbers).size).toBe(people.length)
    expect(numbers.every((number) => /^80\d{8}$/.test(number))).toBe(true)
  })

  it('keep the name of birth beside the name in use', () => {
    const renamed = people.filter(({ name }) => objects(name).some(({ use }) => use === 'maiden'))
    expect(renamed.length).toBeGreaterThan(people.length / 10)
    expect(renamed.every(({ gender }) => gender === 'female')).toBe(true)
  })

  it('can be called only on numbers that ARCEP keeps for fiction', () => {
    const text = patients
      .flat()
      .filter(({ resourceType }) => resourceType === 'Patient')
      .map(stringifyJson)
      .join()
    const numbers = text.match(/0\d(?: \d\d){4}/g) ?? []
    expect(numbers.length).toBeGreaterThan(people.length)
    expect(
      numbers.filter((number) => !/^(06 39 98|02 61 91|01 99 00|03 53 01|04 65 71|05 36 49)/.test(number)),
    ).toEqual([])
  })

  it('have nothing recorded after death or before birth', () => {
    const dead = patients.filter(([patient]) => patient?.deceasedDateTime !== undefined)
    expect(dead.length).toBeGreaterThan(2)
    const misplaced = patients.flatMap(([patient, ...resources]) => {
      const death = Date.parse(string(patient?.deceasedDateTime ?? '9999-01-01'))
      const birth = string(patient?.birthDate)
      return resources.filter((resource) => {
        const when = resource.effectiveDateTime ?? resource.started ?? resource.onsetDateTime
        // a year alone is compared with the year of birth
        return (
          typeof when === 'string' &&
          (Date.parse(when) > death || when.slice(0, 10) < birth.slice(0, when.length))
        )
      })
    })
    expect(misplaced).toEqual([])
  })
})

describe('what the synthetic laboratory finds', () => {
  const all = patients.flat()

  it.each([
    ['hémoglobine, g/dL', '718-7', 12, 14.6, 5.5, 19],
    ['sodium, mmol/L', '2951-2', 138, 142, 115, 162],
    ['potassium, mmol/L', '2823-3', 3.9, 4.5, 2.6, 6.8],
    ['créatinine, µmol/L', '14682-9', 62, 90, 15, 700],
    ['taille, cm', '8302-2', 155, 175, 44, 205],
  ])('lies where laboratories find it: %s', (_, loinc, low, high, least, most) => {
    const values = laboratory(all, loinc)
    expect(median(values)).toBeGreaterThan(low)
    expect(median(values)).toBeLessThan(high)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least)
    expect(Math.max(...values)).toBeLessThanOrEqual(most)
  })

  it('follows the disease: HbA1c in diabetes, creatinine in renal failure', () => {
    const having = (code: string): Resource[] => patients.filter((one) => hasDisease(one, code)).flat()
    const without = (code: string): Resource[] => patients.filter((one) => !hasDisease(one, code)).flat()
    expect(median(laboratory(having('E11.9'), '4548-4'))).toBeGreaterThan(6.4)
    expect(median(laboratory(having('N18.3'), '14682-9'))).toBeGreaterThan(
      median(laboratory(without('N18.3'), '14682-9')) * 1.3,
    )
    expect(median(laboratory(having('I21.9'), '67151-1'))).toBeGreaterThan(14)
  })

  it('prints a DFG that the CKD-EPI formula gives for the creatinine printed beside it', () => {
    const checked = patients.flatMap((resources) => {
      const [patient] = resources
      const creatinine = laboratory(resources, '14682-9')[0]
      const rate = laboratory(resources, '62238-1')[0]
      const observation = ofType(resources, 'Observation').find((one) => codeOf(one) === '62238-1')
      if (creatinine === undefined || rate === undefined || observation === undefined) return []
      const [on, birth] = [string(observation.effectiveDateTime), string(patient?.birthDate)]
      const before = on.slice(5, 10) < birth.slice(5) ? 1 : 0
      const age = Number(on.slice(0, 4)) - Number(birth.slice(0, 4)) - before
      const gender = patient?.gender === 'female' ? 'female' : 'male'
      return age < 19 ? [] : [rate - Math.round(filtrationRate(creatinine, age, gender))]
    })
    expect(checked.length).toBeGreaterThan(100)
    expect(checked.filter((difference) => difference !== 0)).toEqual([])
  })

  it('keeps the decimals that the analyser prints', () => {
    const potassium = all.filter((one) => one.resourceType === 'Observation' && codeOf(one) === '2823-3')
    const printed = potassium.map((one) => /"valueQuantity":\{"value":([\d.]+)/.exec(stringifyJson(one))?.[1])
    expect(printed.filter((text) => !/^\d\.\d$/.test(text ?? ''))).toEqual([])
    expect(printed.some((text) => text?.endsWith('.0'))).toBe(true)
  })

  it('judges each value against the range beside it', () => {
    const misjudged = ofType(all, 'Observation').filter((one) => {
      const range = objects(one.referenceRange)[0]
      if (!range) return false
      const value = Number(object(one.valueQuantity).value)
      const low = isObject(range.low) ? Number(range.low.value) : -Infinity
      const high = isObject(range.high) ? Number(range.high.value) : Infinity
      const judgement = string(objects(object(objects(one.interpretation)[0]).coding)[0]?.code)
      return judgement[0] !== (value < low ? 'L' : value > high ? 'H' : 'N')
    })
    expect(misjudged).toEqual([])
  })

  it('sees bronchiolitis and influenza in the cold months', () => {
    const many = [...generatePatients({ seed: 2, patients: 600 })].flat()
    const months = ofType(many, 'Condition')
      .filter((condition) => ['J10.1', 'J21.9', 'J18.9'].includes(codeOf(condition)))
      .map(({ onsetDateTime }) => Number(string(onsetDateTime).slice(5, 7)))
    const cold = months.filter((month) => month <= 3 || month >= 11).length
    expect(cold / months.length).toBeGreaterThan(0.52)
  })
})

describe('what the synthetic reports say', () => {
  const reports = ofType(patients.flat(), 'DiagnosticReport')

  it('names the patient, the birth date, the address, a doctor and a telephone number in the letter', () => {
    for (const [patient, ...resources] of patients) {
      const family = string(objects(patient?.name)[0]?.family).toUpperCase()
      const [year, month, day] = string(patient?.birthDate).split('-')
      for (const report of ofType(resources, 'DiagnosticReport')) {
        const attachment = objects(report.presentedForm)[0]
        if (!attachment) continue
        const text = Buffer.from(string(attachment.data), 'base64').toString('utf8')
        expect(text).toContain(family)
        expect(text).toContain(`${day}/${month}/${year}`)
        expect(text).toContain(string(objects(objects(patient?.address))[0]?.postalCode))
        expect(text).toMatch(/(Dr|Pr) \p{L}/u)
        expect(text).toMatch(/0[1-6](?: \d\d){4}/)
        expect(attachment.size).toBe(Buffer.byteLength(text))
      }
    }
  })

  it('lists the Observations of a laboratory report and the study of an imaging report', () => {
    const laboratoryReports = reports.filter((report) => codeOf(report) === '11502-2')
    const imagingReports = reports.filter((report) => codeOf(report) === '18748-4')
    expect(laboratoryReports.every(({ result }) => objects(result).length > 0)).toBe(true)
    expect(imagingReports.every(({ imagingStudy }) => objects(imagingStudy).length === 1)).toBe(true)
    expect(reports.some((report) => codeOf(report) === '11526-1')).toBe(true)
  })
})
