import { Searchable } from '../support/searchable.ts'

/** Every search by identity finds in SQL, over hashes, what judging each resource in memory finds. */

const people = [
  {
    id: 'anne',
    name: [
      { use: 'usual', family: "Le Goff-N'Diaye", given: ['Anne-Éléonore', 'Marie'], prefix: ['Mme'] },
      { use: 'maiden', family: 'Dupond', text: 'Anne Dupond de la Très Longue Rivière des Oiseaux Bleus' },
    ],
    birthDate: '1980-03-07',
    telecom: [
      { system: 'phone', value: '+33 6 12 34 56 78' },
      { system: 'email', value: 'anne@example.org' },
    ],
    address: [
      {
        ...{ line: ['12 rue de l’Œuvre'], city: 'Saint-Étienne', postalCode: '42000', country: 'FR' },
        ...{ state: 'Loire', use: 'home' },
      },
    ],
    identifier: [
      {
        system: 'urn:ipp',
        value: '4711',
        type: { coding: [{ system: 'urn:t', code: 'MR' }], text: 'Dossier' },
      },
      { value: 'bare' },
    ],
  },
  {
    id: 'yann',
    name: [{ family: 'Dupont', given: ['Yann'] }],
    birthDate: '1980-03',
    telecom: [{ system: 'phone', value: '0299000000' }],
    identifier: [{ system: 'urn:nir', value: '4711' }],
    address: [{ city: 'Rennes', country: 'FR' }],
  },
  { id: 'li', name: [{ family: 'Li', given: ['Na'] }], birthDate: '1979' },
  { id: 'lina', name: [{ family: 'Lina', given: ['Œdipe'] }], birthDate: '1981-12-31' },
  { id: 'greek', name: [{ family: 'Παπαδόπουλος' }], birthDate: '1900-01-01' },
  { id: 'nobody' },
]

/** Names that every one of the four types has as parameters. */
const everywhere = [
  ...[
    'name=le go',
    'name=LE-GOFF',
    'name=eleonore',
    'name=éléonore',
    'name=mme',
    'name=d',
    'name=du',
    'name=dup',
  ],
  ...['name=dupon', 'name=dupond', 'name=dupondt', 'name=l', 'name=li', 'name=lin', 'name=παπ', 'name=oe'],
  ...[
    'name=anne dupond de la tres longue riviere des',
    'name=anne dupond de la tres longue riviere des canards',
  ],
  ...['name:exact=Dupond', 'name:exact=dupond', 'name:exact=Li', 'name:contains=goff', 'name:contains=N Di'],
  ...[
    'name:contains=p',
    'name:contains=oiseaux bleus',
    'name:contains=δόπ',
    'name:missing=true',
    'name=dupond,li',
  ],
  ...['name=a,b,c,du,lin,dupont,dupond,yann', 'name=dupond&name=anne', 'name:missing=false'],
  ...['phonetic=dupon', 'phonetic=lina', 'phonetic=Anne', 'identifier=4711', 'identifier=urn:ipp|4711'],
  ...['identifier=urn:ipp|', 'identifier=|bare', 'identifier=|4711', 'identifier:not=urn:ipp|4711'],
  ...['identifier:of-type=urn:t|MR|4711', 'identifier:text=doss', 'identifier:missing=true'],
  ...[
    'phone=0299000000',
    'email=anne@example.org',
    'telecom=email|anne@example.org',
    'telecom=phone|',
    'phone=x',
  ],
  ...['address=12 rue', 'address=saint', 'address:contains=oeuvre', 'address-city=SAINT ETIENNE'],
  ...[
    'address-city:contains=tien',
    'address-city:exact=Rennes',
    'address-country=fr',
    'address-postalcode=420',
  ],
  ...['address-state=loi', 'address-use=home', 'address-city:contains=rue'],
]
const byNamePart = [
  ...[
    'family=dup',
    'family=dupo',
    'family=Dupond',
    'family=le goff n diaye',
    'family=le goff',
    'family=lina',
  ],
  ...[
    'family:exact=Li',
    'family=li',
    'family:contains=pon',
    'family:contains=anne',
    'given=ann',
    'given=oed',
  ],
  ...['given:contains=eon', 'given:exact=Anne-Éléonore', 'given=marie&family=dup', 'given:missing=true'],
]
const byBirth = [
  ...[
    '1980',
    '1980-03',
    '1980-03-07',
    'ne1980-03-07',
    'gt1980-03-06',
    'ge1980-03-07',
    'lt1980-03',
    'le1980-03-07',
  ],
  ...['sa1980', 'eb1980-03-07', 'ap1980-03-07', 'gt1899', 'le1900-01-01', 'ge1980&birthdate=lt1981'],
].map((value) => `birthdate=${value}`)

const searches: readonly (readonly [type: string, searches: readonly string[]])[] = [
  ['Patient', [...everywhere, ...byNamePart, ...byBirth, 'family=dup&birthdate=1980-03-07']],
  ['Practitioner', [...everywhere, ...byNamePart]],
  ['Person', [...everywhere, ...byBirth]],
  ['RelatedPerson', [...everywhere, ...byBirth]],
]

/** Searches that go through a person to something else. */
const through = [
  ...['Observation?patient.identifier=urn:ipp|4711', 'Observation?subject:Patient.name:contains=goff'],
  ...[
    'Observation?patient.family=du',
    'Observation?patient.birthdate=ge1980-03-07',
    'Observation?patient.phone=0299000000',
  ],
  ...[
    'Observation?performer:Practitioner.family=dupon',
    'Patient?_has:Observation:patient:code=x&family=dup',
  ],
  ...[
    'Patient?general-practitioner:Practitioner.name:contains=goff',
    'Patient?general-practitioner.identifier=4711',
  ],
  ...['Practitioner?_has:Patient:general-practitioner:family=lin', 'RelatedPerson?patient.given=yann'],
  ...['Encounter?participant:Practitioner.name=dupont', 'Person?link:Patient.family=le goff'],
]

let all: Searchable

beforeAll(async () => {
  const sole = { patient: { reference: 'Patient/yann' } }
  const made = ['Patient', 'Practitioner', 'Person', 'RelatedPerson'].flatMap((resourceType) =>
    people.map((person) => ({ resourceType, ...person, ...(resourceType === 'RelatedPerson' ? sole : {}) })),
  )
  const others = people.flatMap(({ id }, n) => [
    {
      ...{
        resourceType: 'Observation',
        id: `o${n}`,
        status: 'final',
        code: { coding: [{ code: n % 2 ? 'x' : 'y' }] },
      },
      ...{ subject: { reference: `Patient/${id}` }, performer: [{ reference: `Practitioner/${id}` }] },
    },
    {
      ...{ resourceType: 'Encounter', id: `e${n}`, status: 'finished', class: { code: 'AMB' } },
      participant: [{ individual: { reference: `Practitioner/${id}` } }],
    },
  ])
  const doctored = { resourceType: 'Patient', id: 'doctored', name: [{ family: 'Lindt' }] }
  const linked = { resourceType: 'Person', id: 'linked', link: [{ target: { reference: 'Patient/anne' } }] }
  const generalPractitioner = [{ reference: 'Practitioner/anne' }]
  all = await Searchable.with([...made, ...others, { ...doctored, generalPractitioner }, linked])
})

afterAll(() => all.close())

describe('A search by what identifies', () => {
  it.each(searches)('finds of %s what is found in clear', async (type, list) => {
    const [found, judged] = await both(list.map((search) => `${type}?${search}`))
    expect(found).toEqual(judged)
  })

  it('goes through people, and back to them', async () => {
    const [found, judged] = await both(through)
    expect(found).toEqual(judged)
    expect(through.filter((search) => judged[search]?.length === 0)).toEqual([])
  })

  it('tells people apart: most searches find some and not all', async () => {
    const [, judged] = await both(
      searches.flatMap(([type, list]) => list.map((search) => `${type}?${search}`)),
    )
    const telling = Object.values(judged).filter(({ length }) => length > 0 && length < people.length)
    expect(telling.length / Object.keys(judged).length).toBeGreaterThan(0.8)
  })
})

async function both(list: readonly string[]): Promise<[Record<string, string[]>, Record<string, string[]>]> {
  const found: Record<string, string[]> = {}
  for (const search of list) found[search] = await all.found(search)
  return [found, Object.fromEntries(list.map((search) => [search, all.judged(search)]))]
}
