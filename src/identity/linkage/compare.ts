import { dateAgreement, type DateAgreement } from './birth-date.ts'
import { coreOf, familyAgreement, givenAgreement, wordsOf, type NameAgreement } from './names.ts'
import type { Traits } from './traits.ts'
import { thresholds, weights } from './weights.ts'

/** The codes of `match-grade` in R4. */
export type Grade = 'certain' | 'probable' | 'possible' | 'certainly-not'

/** What two records of persons say of each other. */
export interface Comparison {
  readonly grade: Grade
  /** bits of evidence that they are of one person */
  readonly score: number
  readonly agreements: Agreements
}

/** Why: what was compared, and how it agrees; `undefined`: not known of both. */
export interface Agreements {
  readonly family: NameAgreement | undefined
  readonly given: NameAgreement | undefined
  readonly birthDate: DateAgreement | undefined
  readonly sex: 'equal' | 'different' | undefined
  readonly ins: 'equal' | 'different' | undefined
}

/** Compares two persons; the order of the two does not matter. */
export function compare(one: Traits, other: Traits): Comparison {
  const straight = namesAgree(one, other)
  const crossed = inverted(one, other)
  const names = crossed && nameBits(crossed) > nameBits(straight) ? crossed : straight
  const agreements: Agreements = {
    ...names,
    birthDate: dateAgreement(one.birthDate, other.birthDate),
    sex: one.sex && other.sex && (one.sex === other.sex ? 'equal' : 'different'),
    ins: insAgree(one, other),
  }
  const score = nameBits(names) + otherBits(agreements) + weakBits(one, other)
  return { grade: gradeOf(agreements, score), score, agreements }
}

/** One number is one person, unless a trait contradicts it; without one it is the score that says. */
function gradeOf(agreements: Agreements, score: number): Grade {
  const { family, given, birthDate, ins } = agreements
  if (ins === 'equal') {
    const known = family !== undefined && birthDate !== undefined
    const contradicted = given === 'different' || birthDate === 'different' || agreements.sex === 'different'
    return known && !contradicted && family !== 'different' ? 'certain' : 'probable'
  }
  if (score < thresholds.possible) return 'certainly-not'
  if (score < thresholds.probable || isOfAnother(agreements)) return 'possible'
  const exact = family === 'equal' && given === 'equal' && birthDate === 'equal'
  return score >= thresholds.certain && exact && ins === undefined ? 'certain' : 'probable'
}

/**
 * What no sum of other evidence outweighs: twins have all but the given name in common, a father and his
 * son may have all but the birth date, and `Jean` and `Jeanne` born on one day are two.
 */
function isOfAnother({ given, birthDate, sex, ins }: Agreements): boolean {
  if (given === 'different' || birthDate === 'different' || birthDate === undefined) return true
  return ins === 'different' || (sex === 'different' && given !== 'equal')
}

function namesAgree(one: Traits, other: Traits): Pick<Agreements, 'family' | 'given'> {
  const families = one.families.flatMap((left) => other.families.map((right) => familyAgreement(left, right)))
  const known = one.givens.length > 0 && other.givens.length > 0
  return { family: best(families), given: known ? givenAgreement(one.givens, other.givens) : undefined }
}

/** Family and given name in each other's element, on one of the two sides: both must be equal so. */
function inverted(one: Traits, other: Traits): Pick<Agreements, 'family' | 'given'> | undefined {
  const isCrossed = (givens: readonly string[], families: Traits['families']) =>
    givens.length > 0 &&
    families.some((family) => family.join('') === coreOf(wordsOf(givens[0] ?? '')).join(''))
  const crossed = isCrossed(one.givens, other.families) && isCrossed(other.givens, one.families)
  return crossed ? { family: 'equal', given: 'equal' } : undefined
}

function best(agreements: readonly NameAgreement[]): NameAgreement | undefined {
  return (['equal', 'near', 'part', 'different'] as const).find((one) => agreements.includes(one))
}

function insAgree(one: Traits, other: Traits): Agreements['ins'] {
  if (one.ins.some((matricule) => other.ins.includes(matricule))) return 'equal'
  const systems = one.ins.map(systemOf)
  return other.ins.some((matricule) => systems.includes(systemOf(matricule))) ? 'different' : undefined
}

function systemOf(matricule: string): string {
  return matricule.slice(0, matricule.indexOf('|'))
}

function nameBits({ family, given }: Pick<Agreements, 'family' | 'given'>): number {
  return (family ? weights.family[family] : 0) + (given ? weights.given[given] : 0)
}

function otherBits({ birthDate, sex, ins }: Agreements): number {
  const day = birthDate ? weights.birthDate[birthDate] : 0
  return day + (sex ? weights.sex[sex] : 0) + (ins ? weights.ins[ins] : 0)
}

function weakBits(one: Traits, other: Traits): number {
  const places = [one.birthPlace, other.birthPlace].map((place) => (place === undefined ? [] : [place]))
  return (
    shareBits(places[0] ?? [], places[1] ?? [], weights.birthPlace) +
    shareBits(one.telecom, other.telecom, weights.telecom) +
    shareBits(one.addresses, other.addresses, weights.address)
  )
}

function shareBits(
  one: readonly string[],
  other: readonly string[],
  weight: { readonly equal: number; readonly different: number },
): number {
  if (one.length === 0 || other.length === 0) return 0
  return one.some((value) => other.includes(value)) ? weight.equal : weight.different
}
