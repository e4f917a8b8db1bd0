import type { DateAgreement } from './birth-date.ts'
import type { NameAgreement } from './names.ts'

/**
 * A weight in bits, log2(m / u).
 *
 * @param m how often the agreement is seen in two records of one person
 * @param u how often in records of two persons
 * @see Fellegi and Sunter, "A Theory for Record Linkage", 1969
 */
function bits(m: number, u: number): number {
  return Math.log2(m / u)
}

/**
 * Agreements and their weights; what one side does not know weighs nothing. The shares are set by hand, from
 * what registries of identities report of mistakes (m) and from frequencies of names and days (u).
 */
export const weights = {
  family: {
    equal: bits(0.9, 0.004), // the commonest hundred names hold a tenth of the people
    near: bits(0.07, 0.006),
    part: bits(0.015, 0.008),
    different: bits(0.015, 0.982), // married, and the birth name is not on one of the two
  } satisfies Record<NameAgreement, number>,
  given: {
    equal: bits(0.88, 0.012),
    near: bits(0.07, 0.01),
    part: bits(0.03, 0.015),
    different: bits(0.02, 0.963),
  } satisfies Record<NameAgreement, number>,
  birthDate: {
    equal: bits(0.93, 1 / 25_000), // days of some seventy years
    swapped: bits(0.012, 1 / 25_000),
    digit: bits(0.03, 0.0012),
    coarse: bits(0.013, 0.013),
    different: bits(0.015, 0.98),
  } satisfies Record<DateAgreement, number>,
  sex: { equal: bits(0.99, 0.5), different: bits(0.01, 0.5) },
  // two valid numbers of one kind that differ are two persons; one of a hundred is of somebody else's card
  ins: { equal: bits(0.99, 1 / 100_000), different: bits(0.01, 0.999) },
  birthPlace: { equal: bits(0.9, 0.03), different: bits(0.1, 0.97) },
  // shared in households, and they change: weak
  telecom: { equal: bits(0.5, 0.03), different: bits(0.5, 0.97) },
  address: { equal: bits(0.6, 0.04), different: bits(0.4, 0.96) },
} as const

/** From so many bits on, two records are graded so. Of a million pairs in a hospital about one is of one person. */
export const thresholds = { certain: 24, probable: 20, possible: 10 } as const
