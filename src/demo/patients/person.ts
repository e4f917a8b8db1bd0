import type { Day } from './calendar.ts'
import { day, yearOf } from './calendar.ts'
import type { Doctor, Hospital } from './hospital.ts'
import { ipp, nir, phone } from './identifiers.ts'
import { familyName, givenNames, plainName, type Gender } from './names.ts'
import { countries, frenchTowns, streets, type Town } from './places.ts'
import type { Random } from './random.ts'

/** Who a patient is, before any illness. Everything here identifies. */
export interface Person {
  /** 1, 2, 3, …: resource ids are made of it */
  readonly number: number
  readonly gender: Gender
  readonly birth: Day
  readonly birthFamily: string
  /** the name in use: the spouse's for many married women, else the name of birth */
  readonly family: string
  readonly given: readonly string[]
  readonly married: boolean
  readonly birthPlace: Town
  readonly town: Town
  readonly street: string
  readonly ipp: string
  readonly nir: string
  readonly mobile: string | undefined
  readonly home: string | undefined
  readonly email: string | undefined
  readonly relative: Relative
  readonly familyDoctor: Doctor
}

/** The person to call. */
export interface Relative {
  readonly given: string
  readonly family: string
  readonly gender: Gender
  /** HL7 table 0131 has no kinship: v3-RoleCode */
  readonly kinship: 'SPS' | 'CHILD' | 'PRN' | 'SIB'
  readonly phone: string
}

/**
 * Ages of a university hospital's patients: many infants, few school children, more and more past 50.
 * [first year of age, last, weight]
 */
const ageBands = [
  [0, 2, 6],
  [3, 14, 8],
  [15, 29, 13],
  [30, 44, 15],
  [45, 59, 17],
  [60, 74, 23],
  [75, 89, 16],
  [90, 101, 2],
] as const

/** @param lastDay ages are counted back from this day */
export function drawPerson(from: Random, hospital: Hospital, number: number, lastDay: Day): Person {
  const gender: Gender = from.chance(0.52) ? 'female' : 'male'
  const birth = drawBirth(from, lastDay)
  const age = yearOf(lastDay) - yearOf(birth)
  const birthFamily = familyName(from)
  const married = age > 24 && from.chance(Math.min(0.75, age / 90))
  const takesName = married && gender === 'female' && from.chance(age > 60 ? 0.85 : 0.45)
  const family = takesName ? familyName(from) : birthFamily
  const given = givenNames(from, gender, yearOf(birth))
  const town = from.weighted(frenchTowns, (one) => one.weight)
  const birthPlace = drawBirthPlace(from, town)
  const mail = `${plainName(given[0] ?? '')}.${plainName(family)}${from.integer(1, 99)}@example.org`
  return {
    ...{ number, gender, birth, birthFamily, family, given, married, birthPlace, town },
    street: `${from.integer(1, 120)}${from.chance(0.06) ? ' bis' : ''} ${from.pick(streets)}`,
    ipp: ipp(number),
    nir: nir(from, gender, birth, birthPlace.insee),
    mobile: from.chance(age > 80 ? 0.4 : 0.95) ? phone(from, 'mobile') : undefined,
    home: from.chance(age > 50 ? 0.8 : 0.2) ? phone(from, 'home') : undefined,
    email: age >= 16 && from.chance(age > 75 ? 0.3 : 0.8) ? mail : undefined,
    relative: drawRelative(from, { gender, birth, family, married, age }),
    familyDoctor: from.pick(hospital.familyDoctors),
  }
}

function drawBirth(from: Random, lastDay: Day): Day {
  const [youngest, oldest] = from.weighted(ageBands, ([, , weight]) => weight)
  const latest = lastDay - Math.floor(youngest * 365.25) - (youngest === 0 ? 30 : 0)
  const earliest = lastDay - Math.floor((oldest + 1) * 365.25) + 1
  return from.integer(earliest, latest)
}

function drawBirthPlace(from: Random, town: Town): Town {
  const draw = from.next()
  if (draw < 0.1) return from.weighted(countries, (country) => country.weight)
  return draw < 0.5 ? town : from.weighted(frenchTowns, (one) => one.weight)
}

type Household = Pick<Person, 'gender' | 'birth' | 'family' | 'married'> & { readonly age: number }

function drawRelative(from: Random, household: Household): Relative {
  const kinship =
    household.age < 25 ? 'PRN' : household.married ? 'SPS' : household.age > 60 ? 'CHILD' : 'SIB'
  const opposite: Gender = household.gender === 'female' ? 'male' : 'female'
  const gender = kinship === 'SPS' ? opposite : from.pick(['female', 'male'] as const)
  const years = { PRN: -28, CHILD: 29, SPS: 0, SIB: 2 }[kinship]
  return {
    given: givenNames(from, gender, yearOf(household.birth) + years)[0] ?? '',
    family: kinship === 'CHILD' && from.chance(0.3) ? familyName(from) : household.family,
    gender,
    kinship,
    phone: phone(from, from.chance(0.8) ? 'mobile' : 'home'),
  }
}

/** `Anne-Marie LE GOFF` */
export function fullName(person: Pick<Person, 'given' | 'family'>): string {
  return `${person.given[0]} ${person.family.toUpperCase()}`
}

/** `Madame Anne-Marie LE GOFF née KERVELLA`, `l'enfant Malo RIOU` */
export function courtesyName(person: Person, age: number): string {
  if (age < 15) return `l'enfant ${fullName(person)}`
  const maiden = person.family === person.birthFamily ? '' : ` née ${person.birthFamily.toUpperCase()}`
  return `${person.gender === 'female' ? 'Madame' : 'Monsieur'} ${fullName(person)}${maiden}`
}

/** Day of the `years`th birthday. */
export function birthday(person: Person, years: number): Day {
  const date = new Date(person.birth * 86_400_000)
  return day(date.getUTCFullYear() + years, date.getUTCMonth() + 1, date.getUTCDate())
}
