import type { JsonObject } from '../../src/fhir/json.ts'

/** What is wrong in the second record of a person, against the first. */
export const mistakes = [
  ...['accents', 'hyphen', 'family typo', 'given typo', 'truncated given', 'swapped names', 'swapped day'],
  ...['birth digit', 'married name only', 'first of January', 'unknown sex', 'moved', 'second given in use'],
] as const
export type Mistake = (typeof mistakes)[number]

/** A record, and whose it is. */
export interface PersonRecord {
  readonly person: number
  readonly patient: JsonObject
  readonly mistakes: readonly Mistake[]
}

interface Person {
  family: string
  used: string
  given: string[]
  sex: 'female' | 'male'
  birth: string
  place: string
  phone: string
  line: string
  code: string
  ins: string | undefined
}

const families =
  'Martin,Bernard,Thomas,Petit,Robert,Richard,Durand,Dubois,Moreau,Laurent,Simon,Michel,Lefèvre,Le Roy,Roux,David,Bertrand,Morel,Fournier,Girard,Bonnet,Dupont,Lambert,Fontaine,Rousseau,Vincent,Müller,Lefebvre,Faure,André,Mercier,Blanc,Guérin,Boyer,Garnier,Chevalier,François,Legrand,Gauthier,Garcia,Perrin,Robin,Clément,Morin,Nicolas,Henry,Roussel,Mathieu,Gautier,Masson,Le Gall,Ben Ali,d’Aubigné,de La Tour,Lebœuf,Nguyen'.split(
    ',',
  )
const girls =
  'Marie,Jeanne,Françoise,Monique,Catherine,Nathalie,Isabelle,Jacqueline,Anne,Sylvie,Martine,Hélène,Camille,Léa,Chloé,Manon,Emma,Anne-Sophie,Marie-Claude,Éloïse,Zoé,Aurélie,Céline,Stéphanie,Véronique,Lucie,Inès,Pauline,Margaux,Clémence,Agathe,Juliette,Valérie,Brigitte,Denise,Yvonne,Simone,Odile,Karine,Sandrine'.split(
    ',',
  )
const boys =
  'Jean,Pierre,Michel,André,Philippe,Alain,Jean-Pierre,Bernard,Jacques,Daniel,Nicolas,Thomas,Jean-Claude,Julien,Lucas,Hugo,Léo,Raphaël,Arthur,Jean-François,Loïc,Gaël,Mathéo,Noé,Étienne,Benoît,Rémi,François,Olivier,Christophe,Sébastien,Frédéric,Guillaume,Antoine,Maxime,Yves,Claude,Marcel,Roger,Henri'.split(
    ',',
  )
const places =
  'Rennes,Brest,Paris,Lyon,Lille,Nantes,Nice,Metz,Tours,Caen,Dijon,Pau,Alger,Lorient,Quimper,Vannes,Angers,Reims,Rouen,Toulouse'.split(
    ',',
  )
const openings = 'Bar,Cor,Del,Fon,Gar,Hur,Jac,Ker,Lam,Mor,Nav,Pel,Quer,Rou,Sal,Tré,Val,Vil,Gou,Pou'.split(',')
const middles = 'an,e,i,o,ou,ar,el,in'.split(',')
const endings =
  'bert,card,chet,dec,dier,fort,gnan,lard,leau,llec,mont,nec,quin,ret,sson,tier,val,vin,zet,ric'.split(',')

/** A stream of numbers in [0, 1) that is the same for a seed (mulberry32). */
function stream(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * People in households, with twins, fathers and sons of one name and women who married; a fifth of them
 * come twice.
 *
 * @param mix how likely a second record has no mistake, and how likely two; else it has one
 */
export function hospital(seed: number, count: number, mix: { none: number; two: number }): PersonRecord[] {
  const next = stream(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
  const ranked = (list: readonly string[]) => list[Math.floor(list.length * next() ** 1.6)] ?? ''
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const digits = (number: number, length: number) => String(number).padStart(length, '0')
  const name = () => (next() < 0.35 ? ranked(families) : pick(openings) + pick(middles) + pick(endings))
  const givens = (sex: string) => [
    ...new Set([1, 2, 3].slice(whole(0, 2)).map(() => ranked(sex === 'female' ? girls : boys))),
  ]
  const day = (from: number, to: number) =>
    `${whole(from, to)}-${digits(whole(1, 12), 2)}-${digits(whole(1, 28), 2)}`
  const home = () => ({
    phone: `06 39 98 ${digits(whole(0, 99), 2)} ${digits(whole(0, 99), 2)}`,
    line: `${whole(1, 150)} rue ${name()}`,
    code: digits(whole(1000, 95_999), 5),
  })
  const ins = (sex: string, birth: string) => {
    const body = `${sex === 'female' ? 2 : 1}${birth.slice(2, 4)}${birth.slice(5, 7)}${whole(10_000, 95_999)}${digits(whole(1, 999), 3)}`
    return next() < 0.6 ? body + digits(97 - (Number(body) % 97), 2) : undefined
  }
  const person = (family: string, birth: string, place: string, at: ReturnType<typeof home>): Person => {
    const sex = next() < 0.5 ? 'female' : 'male'
    return { family, used: family, given: givens(sex), sex, birth, place, ...at, ins: ins(sex, birth) }
  }

  const people: Person[] = []
  while (people.length < count) {
    const [family, at, place] = [name(), home(), pick(places)]
    const father = {
      ...person(family, day(1930, 1985), pick(places), at),
      sex: 'male' as const,
      given: givens('male'),
    }
    const mother = {
      ...person(name(), day(1930, 1985), pick(places), at),
      sex: 'female' as const,
      given: givens('female'),
    }
    if (next() < 0.6) mother.used = next() < 0.3 ? `${mother.family}-${family}` : family
    people.push(father, mother)
    for (let children = whole(0, 2); children > 0; children--) {
      const child = person(family, day(1986, 2020), place, at)
      people.push(child)
      if (next() < 0.02)
        people.push({
          ...child,
          given: givens(child.sex).map((one) => (child.given[0] === one ? `${one}-Noël` : one)),
          ins: ins(child.sex, child.birth),
        })
      if (next() < 0.01)
        Object.assign(child, { sex: 'male', given: father.given, ins: ins('male', child.birth) })
    }
  }

  const slip = (text: string) => {
    const at = whole(1, Math.max(1, text.length - 2))
    const kind = whole(0, 3)
    if (kind === 0) return text.slice(0, at) + text.slice(at + 1)
    if (kind === 1) return text.slice(0, at) + pick([...'aeilnorst']) + text.slice(at)
    if (kind === 2) return text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2)
    return text.slice(0, at) + pick([...'aeilnorst']) + text.slice(at + 1)
  }
  const plain = (text: string) =>
    text.normalize('NFD').replace(/\p{M}/gu, '').replace('œ', 'oe').toUpperCase()
  const withMistake: Record<Mistake, (one: Person) => Partial<Person>> = {
    accents: (one) => ({ family: plain(one.family), used: plain(one.used), given: one.given.map(plain) }),
    hyphen: (one) => ({
      given: one.given.map((text) => text.replace('-', ' ')),
      used: one.used.replace(/[-’]/, ' '),
    }),
    'family typo': (one) => ({
      family: slip(one.family),
      used: one.used === one.family ? slip(one.family) : one.used,
    }),
    'given typo': (one) => ({ given: [slip(one.given[0] ?? ''), ...one.given.slice(1)] }),
    'truncated given': (one) => ({ given: [(one.given[0] ?? '').split('-')[0] ?? ''] }),
    'swapped names': (one) => ({ family: one.given[0] ?? '', used: one.given[0] ?? '', given: [one.family] }),
    'swapped day': (one) => {
      const [year, month, date] = one.birth.split('-')
      return Number(date) <= 12 ? { birth: `${year}-${date}-${month}` } : {}
    },
    'birth digit': (one) => ({
      birth: one.birth.slice(0, 3) + String((Number(one.birth[3]) + whole(1, 9)) % 10) + one.birth.slice(4),
    }),
    'married name only': (one) => ({ family: one.used }),
    'first of January': (one) => ({ birth: `${one.birth.slice(0, 4)}-01-01` }),
    'unknown sex': () => ({}),
    moved: () => home(),
    'second given in use': (one) => ({ given: [...one.given.slice(1), one.given[0] ?? ''] }),
  }

  return people.flatMap((one, index) => {
    const first = { person: index, patient: patientOf(one), mistakes: [] }
    if (next() >= 0.2) return [first]
    const drawn = next()
    const number = drawn < mix.none ? 0 : drawn < mix.none + mix.two ? 2 : 1
    const made = [...new Set(Array.from({ length: number }, () => pick(mistakes)))]
    let second: Person = { ...one, ins: next() < 0.5 ? one.ins : undefined }
    for (const mistake of made) second = { ...second, ...withMistake[mistake](second) }
    const patient = patientOf(second)
    if (made.includes('unknown sex')) patient['gender'] = 'unknown'
    return [first, { person: index, patient, mistakes: made }]
  })
}

function patientOf(one: Person): JsonObject {
  const used = one.used === one.family ? [] : [{ use: 'usual', family: one.used, given: one.given }]
  return {
    resourceType: 'Patient',
    identifier: one.ins === undefined ? [] : [{ system: 'urn:oid:1.2.250.1.213.1.4.10', value: one.ins }],
    name: [{ use: 'official', family: one.family, given: one.given }, ...used],
    gender: one.sex,
    birthDate: one.birth,
    telecom: [{ system: 'phone', value: one.phone }],
    address: [{ line: [one.line], postalCode: one.code }],
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
        valueAddress: { city: one.place },
      },
    ],
  }
}
