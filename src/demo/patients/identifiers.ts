import type { Random } from './random.ts'
import type { Gender } from './names.ts'
import { isoDate, type Day } from './calendar.ts'
import { padded } from './resource.ts'

/**
 * The INS-NIR of a person, 15 characters: sex, year and month, INSEE code of the birth place, order, key.
 * Order numbers are taken from 900 to 999: no French town drawn registers so many births of one sex in
 * a month, so that a number made here should be nobody's.
 *
 * @param insee five characters: `35238`, `2A004`, `99352`
 * @see ANS, Référentiel Identifiant National de Santé
 */
export function nir(from: Random, gender: Gender, birth: Day, insee: string): string {
  const [year = '', month = ''] = isoDate(birth).split('-')
  const body = `${gender === 'male' ? 1 : 2}${year.slice(2)}${month}${insee}${from.integer(900, 999)}`
  return body + nirKey(body)
}

/** The two digits of the key: 97 minus the number modulo 97, `2A` counting as 19 and `2B` as 18. */
export function nirKey(body: string): string {
  const digits = body.replace(/^(.{5})2A/, '$119').replace(/^(.{5})2B/, '$118')
  return padded(97 - (Number(digits) % 97), 2)
}

/**
 * The hospital's patient number, ten digits. Numbers of neighbours are far apart, and none repeats
 * below 100 million patients: the factor has no divisor in common with 10^8.
 */
export function ipp(number: number): string {
  return `80${padded(Number((BigInt(number) * 61_803_399n + 17_711n) % 100_000_000n), 8)}`
}

/** RPPS number of a practitioner who does not exist: the range 899 is for tests; the last digit is Luhn's. */
export function rpps(number: number): string {
  const body = `899${padded(number, 7)}`
  return body + luhnDigit(body)
}

function luhnDigit(body: string): number {
  const sum = [...body].reverse().reduce((total, character, index) => {
    const digit = Number(character) * (index % 2 === 0 ? 2 : 1)
    return total + (digit > 9 ? digit - 9 : digit)
  }, 0)
  return (10 - (sum % 10)) % 10
}

/** Number ranges that ARCEP keeps for works of fiction: mobile, then the five areas. */
const fictitiousRanges = ['06 39 98', '02 61 91', '02 61 91', '01 99 00', '03 53 01', '04 65 71', '05 36 49']

/** A telephone number that nobody can have. @see ARCEP, décision 2018-0881 (national numbering plan) */
export function phone(from: Random, kind: 'mobile' | 'home' | 'hospital'): string {
  const range =
    kind === 'mobile' ? '06 39 98' : kind === 'hospital' ? '02 61 91' : from.pick(fictitiousRanges.slice(1))
  return `${range} ${padded(from.integer(0, 99), 2)} ${padded(from.integer(0, 99), 2)}`
}
