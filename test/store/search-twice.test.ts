import {
  loinc,
  observation,
  observations,
  others,
  part,
  patients,
  pressure,
  ucum,
} from '../support/search-world.ts'
import { Searchable } from '../support/searchable.ts'

let all: Searchable

beforeAll(async () => {
  all = await Searchable.with([...patients, ...observations, ...others])
})

afterAll(() => all.close())

/** Searches with what they find, by id; none: nothing. */
const cases: Readonly<Record<string, readonly (readonly [search: string, ...ids: string[]])[]>> = {
  'a token, whatever characters its parts have': [
    [`Observation?code=${loinc}|*`, 'star'],
    ['Observation?code=*', 'star'],
    ['Observation?code=urn:a|b\\|c'],
    ['Observation?code=urn:a\\|b|c', 'star'],
    ['Patient?identifier=urn:ipp|a\\|1*', 'anne'],
    ['Patient?identifier=urn:ipp|*'],
    ['Patient?identifier=urn:ipp|', 'anne', 'yann'],
    [
      `Observation?code:not=${loinc}|2345-7&status=final&value-quantity:missing=false`,
      'hot',
      'local',
      'mmol',
      'nonsense',
      'odd',
      'warm',
    ],
    ['Observation?status:missing=true,false&code=*', 'star'],
  ],
  'a quantity, in any unit that measures the same': [
    [`Observation?value-quantity=90|${ucum}|mg/dL`, 'g', 'mg'],
    [`Observation?value-quantity=gt0.8|${ucum}|g/L`, 'g', 'mg', 'sampled'],
    [`Observation?value-quantity=ge38|${ucum}|Cel`, 'hot', 'warm'],
    [`Observation?value-quantity=gt311|${ucum}|K`, 'hot', 'warm'],
    [`Observation?value-quantity=gt100|${ucum}|[degF]`, 'hot', 'warm'],
    [`Observation?value-quantity=lt100|${ucum}|[degF]`],
    [`Observation?value-quantity=5|${ucum}|`, 'mmol', 'nonsense'],
    [`Observation?value-quantity=5|${ucum}|nobody_knows`, 'nonsense'],
    [`Observation?value-quantity=5|${ucum}|nonsense`],
    ['Observation?value-quantity=5|urn:units|', 'local'],
    ['Observation?value-quantity=5||box', 'local'],
    ['Observation?value-quantity=5||boxes', 'odd'],
    ['Observation?value-quantity=5', 'local', 'mmol', 'nonsense', 'odd'],
    [`Observation?component-value-quantity=gt140|${ucum}|mm[Hg]`, 'bp', 'kpa'],
  ],
  'a composite, within one focus': [
    [`Observation?code-value-quantity=${loinc}|2345-7$lt100|${ucum}|mg/dL`, 'g', 'mg'],
    ['Observation?code-value-quantity=2345-7$gt80', 'mg'],
    ['Observation?value-quantity=gt80&code=2345-7', 'mg', 'sampled'],
    [`Observation?component-code-value-quantity=8480-6$gt140|${ucum}|mm[Hg]`, 'bp', 'kpa'],
    [`Observation?component-code-value-quantity=8462-4$gt140|${ucum}|mm[Hg]`, 'kpa'],
    ['Observation?component-code-value-quantity=8462-4$80,8480-6$20', 'bp', 'kpa'],
    ['Observation?component-code-value-quantity=8480-6$80'],
    [`Observation?combo-code-value-quantity=8480-6$150,14749-6$5`, 'bp', 'mmol'],
    ['Observation?code-value-concept=882-1$A', 'coded'],
    ['Observation?code-value-string=882-1$groupe', 'said'],
    ['Observation?value-string=groupe', 'coded', 'said'],
    ['Observation?component-code-value-concept=a$yes', 'said'],
    ['Observation?combo-code-value-concept=a$yes,882-1$a', 'coded', 'said'],
    ['Observation?component-code-value-quantity:missing=false', 'bp', 'kpa'],
    ['Observation?code-value-string:missing=false', 'said'],
    ['Observation?combo-code-value-concept:missing=false', 'coded', 'said'],
    ['DocumentReference?relationship=DocumentReference/d0$replaces', 'd1'],
    ['DocumentReference?relationship=DocumentReference/d0$appends'],
    ['MolecularSequence?chromosome-variant-coordinate=17$ge110$le120', 'seq'],
    ['MolecularSequence?chromosome-variant-coordinate=17$ge111$le120'],
    ['MolecularSequence?chromosome-window-coordinate=17$lt101$gt199', 'seq'],
    [`ValueSet?context-type-quantity=age$10|${ucum}|a`, 'vs2'],
    [`ValueSet?context-type-quantity=age$gt100|${ucum}|mo`, 'vs2'],
    [`ValueSet?context-type-quantity=focus$10|${ucum}|a`],
    ['ValueSet?context-type-value=focus$flu', 'vs2'],
  ],
  'a URI above and below': [
    ['ValueSet?url:below=http://x.example/fhir', 'vs1', 'vs2'],
    ['ValueSet?url:below=http://x.example/fhir/', 'vs1', 'vs2'],
    ['ValueSet?url:below=http://x.example/fhir/ValueSet/a', 'vs1', 'vs2'],
    ['ValueSet?url:below=http://x.example', 'vs1', 'vs2', 'vs3'],
    ['ValueSet?url:below=http://x.exam'],
    ['ValueSet?url:above=http://x.example/fhir/ValueSet/a/b', 'vs1', 'vs2', 'vs3'],
    ['ValueSet?url:above=http://x.example/fhir/ValueSet/ab', 'vs3'],
    ['DocumentReference?location:below=https://pacs.example/patients', 'd1'],
    ['DocumentReference?location:below=https://pacs.example/pat'],
    ['DocumentReference?location:above=https://pacs.example/patients/4711/scan/1', 'd1'],
    ['DocumentReference?location=https://pacs.example/patients/4711/scan', 'd1'],
    ['ValueSet?_profile:below=http://x.example/profiles', 'vs3'],
    ['ValueSet?_profile=http://x.example/profiles'],
    ['ValueSet?_profile:above=http://x.example/profiles/vs/1', 'vs3'],
  ],
  'a place near another': [
    ['Location?near=48.11|-1.67|2|km', 'rennes'],
    ['Location?near=48.11|-1.67|500|m'],
    ['Location?near=-17|-179.9|30', 'fiji'],
    ['Location?near=0|0|21000', 'fiji', 'rennes'],
    ['Location?near:missing=true', 'nowhere'],
  ],
  'an identifier by its type': [
    ['Patient?identifier:of-type=urn:types|MR|a\\|1*', 'anne'],
    ['Patient?identifier:of-type=urn:types|SS|a', 'yann'],
    ['Patient?identifier:of-type=urn:types|MR|a'],
    ['Patient?identifier:of-type=urn:types|mr|a\\|1*'],
  ],
  'the words beside a code': [
    ['Observation?code:text=g', 'coded', 'said'],
    ['Observation?code:text=GROUPE', 'coded', 'said'],
    ['Observation?code:text=groupe sanguin', 'coded', 'said'],
    ['Observation?code:text=groupe sanguin abo et', 'said'],
    ['Observation?code:text=groupe sanguin abo et rhesus negatif et plus encore'],
    ['Observation?code:text=tension', 'bp'],
    ['Observation?code:text=artérielle'],
    ['Observation?value-concept:text=groupe a', 'coded'],
    ['Observation?code:text=groupe a'],
    ['Patient?identifier:text=dossier', 'anne'],
  ],
  'a sealed string': [
    ['Patient?name=le', 'anne', 'zoe'],
    ['Patient?name:contains=goff', 'anne'],
    ['Patient?name:contains=go', 'anne', 'zoe'],
    ['Patient?name:contains=ff', 'anne'],
    ['Patient?name:contains=onore', 'anne'],
    ['Patient?name:contains=rivière', 'yann'],
    ['Patient?name=monsieur yann dupond de la tres longue', 'yann'],
    ['Patient?name=monsieur yann dupond de la tres long fleuve'],
    ['Patient?given:exact=Marie', 'anne'],
    ['Patient?given:exact=marie'],
    ['Patient?phonetic=dupont', 'yann'],
    ['Patient?phonetic=le goffe', 'anne'],
    ['Patient?general-practitioner:Practitioner.name:contains=trin', 'anne'],
    ['Patient?_has:Observation:subject:code-value-quantity=2345-7$90', 'anne'],
  ],
  'a filter': [
    ['Patient?_filter=gender eq female and birthdate ge 1980', 'anne'],
    ['Patient?_filter=family sw "le" and not (gender pr true)', 'zoe'],
    ['Patient?_filter=gender ne male', 'anne'],
    ['Patient?_filter=not (gender eq female)', 'yann', 'zoe'],
    ['Patient?_filter=family eq "Dupond" or birthdate lt 1980', 'yann', 'zoe'],
    ['Patient?_filter=birthdate po 1980-03-07', 'anne', 'yann'],
    ['Patient?_filter=_has:Observation:subject:code eq 2345-7', 'anne'],
    [
      `Observation?_filter=code eq 2345-7 and (value-quantity gt 0.5|${ucum}|g/L or code pr false)`,
      'g',
      'mg',
      'sampled',
    ],
    ['Observation?_filter=subject:Patient[gender eq female].family sw "le"', 'mg'],
    [
      'Observation?_filter=not (subject:Patient[gender eq female].family sw "le") and code eq 2345-7',
      'g',
      'sampled',
    ],
    ['Observation?_filter=component-code-value-quantity eq 8480-6$150', 'bp'],
    ['Observation?_filter=date po 2024-04 and date ne 2024-03', 'dated'],
  ],
  'what is in a list': [
    ['Patient?_list=l1', 'anne'],
    ['Observation?_list=List/l1,l2', 'mg'],
    ['Observation?_list=l2'],
  ],
  'a sealed date, with every prefix': [
    ['Patient?birthdate=1980', 'anne', 'yann'],
    ['Patient?birthdate=1980-03', 'anne', 'yann'],
    ['Patient?birthdate=1980-03-07', 'anne'],
    ['Patient?birthdate=ne1980-03-07', 'yann', 'zoe'],
    ['Patient?birthdate=gt1980-03-07', 'yann'],
    ['Patient?birthdate=ge1980-03-07', 'anne', 'yann'],
    ['Patient?birthdate=lt1980-03-07', 'yann', 'zoe'],
    ['Patient?birthdate=le1980-03-07', 'anne', 'yann', 'zoe'],
    ['Patient?birthdate=sa1979', 'anne', 'yann'],
    ['Patient?birthdate=eb1980', 'zoe'],
    ['Patient?birthdate=gt1979-06', 'anne', 'yann', 'zoe'],
    ['Patient?birthdate=1980-03-07T10:00'],
    ['Patient?birthdate=gt1980-03-07T10:00', 'anne', 'yann'],
    ['Patient?birthdate=lt1980-03-07T00:00', 'yann', 'zoe'],
  ],
  'a subject, not who else is named': [
    ['Observation?patient=anne', 'mg'],
    ['Observation?subject=Patient/anne', 'mg'],
    ['Observation?subject=Group/g1', 'g'],
    ['Observation?performer=Patient/anne', 'g'],
    ['Observation?subject:missing=false', 'g', 'mg'],
    ['Observation?patient:missing=false', 'mg'],
    ['Observation?subject:Patient.gender=female', 'mg'],
    ['Observation?performer:Patient.gender=female', 'g'],
    ['Patient?_has:Observation:performer:code=2345-7', 'anne'],
    ['Patient?_has:Observation:subject:value-quantity=0.9'],
    ['Task?patient=anne', 't1'],
    ['Task?subject.name=le', 't1'],
    ['Patient?_has:Task:patient:status=draft', 'anne'],
  ],
  'a version’s time, as far as dates go': [
    ['Patient?_lastUpdated=9999'],
    ['Patient?_lastUpdated=le9999', 'anne', 'yann', 'zoe'],
    ['Patient?_lastUpdated=ap0001'],
    ['Patient?_lastUpdated=2026-01-01T01:00', 'anne', 'yann', 'zoe'],
    ['Patient?_lastUpdated=ne2026-01-01T00:00:00.000Z'],
    ['Patient?_lastUpdated=sa2025-12-31&_lastUpdated=eb2026-01-02', 'anne', 'yann', 'zoe'],
  ],
  'a date, one of several too': [
    ['MedicationRequest?date=2024-06-01'],
    ['MedicationRequest?date=2024-01-01', 'm1'],
    ['MedicationRequest?date=gt2024-06', 'm1'],
    ['MedicationRequest?authoredon=2024-05', 'm1'],
    ['Observation?date=ap2024-03-30', 'dated'],
    ['Observation?date=ge2024-03-31', 'dated'],
    ['Observation?code-value-date=x$2024-03-31', 'dated'],
    ['Observation?value-date=2024-03-31T03:00', 'dated'],
  ],
}

describe.each(Object.entries(cases))('A search for %s', (_, searches) => {
  it.each(searches.map(([search, ...ids]) => [search, ids] as const))('%s', async (search, ids) => {
    expect({ judged: all.judged(search), found: await all.found(search) }).toEqual({
      judged: ids,
      found: ids,
    })
  })
})

describe('A resource that is written again', () => {
  it('is found by what it says now, and no longer by what it said', async () => {
    const before = observation('again', {
      component: [part('8480-6', pressure(111))],
      code: { text: 'Vieux mot' },
    })
    await all.put([before])
    const searches = ['component-code-value-quantity=8480-6$111', 'code:text=vieux']
    const find = async () => Promise.all(searches.map((search) => all.found(`Observation?${search}`)))
    expect(await find()).toEqual([['again'], ['again']])
    await all.put([observation('again', {})], 2)
    expect(await find()).toEqual([[], []])
  })
})

describe('Where a caller may not search all types', () => {
  const scope = 'system/Observation.rs system/Patient.rs'

  it('a chain over several goes by those that he may', async () => {
    const search = 'Observation?subject.identifier=urn:ipp|'
    expect(await all.found(search, scope)).toEqual(['mg'])
  })

  it.each(['Observation?subject:Group.code=x', 'Observation?_filter=not (subject.identifier eq x)'])(
    'a chain that names one, or is negated, is refused: %s',
    async (search) => {
      await expect(all.found(search, scope)).rejects.toMatchObject({ status: 403 })
    },
  )
})

describe('Many values in many units', () => {
  it('are refused before they make a statement that no database would take', async () => {
    const values = Array.from({ length: 200 }, (_, n) => `${n}|${ucum}|`).join()
    await expect(all.found(`Observation?value-quantity=${values}`)).rejects.toMatchObject({
      ...{ status: 400, issues: [expect.objectContaining({ code: 'too-costly' })] },
    })
  })
})
