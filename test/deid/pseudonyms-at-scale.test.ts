import { createHash } from 'node:crypto'
import {
  memberSecret,
  patientKeys,
  permitKeys,
  resourcePseudonym,
  uid,
  type PatientKeys,
  type PermitKeys,
} from '../../src/deid/pseudonym.ts'

/** How many patients two permits have in common: `PSEUDONYMS=1000000` for the figure in the docs. */
const patients = Number(process.env['PSEUDONYMS'] ?? 20_000)
const one = permitKeys(Buffer.alloc(32, 1))
const other = permitKeys(Buffer.alloc(32, 2))
const warehouse = Array.from({ length: patients }, (_, n) => createHash('sha256').update(`${n}`).digest())
const membersOf = (permit: PermitKeys) => warehouse.map((secret) => patientKeys(memberSecret(permit, secret)))

const mine = membersOf(one)
const theirs = membersOf(other)

/** Standard deviations from 0 of the correlation of independent pairs, which is about 1 / √n. */
const deviations = (left: readonly number[], right: readonly number[]) =>
  correlation(left, right) * Math.sqrt(left.length)

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, n) => sum + n, 0) / list.length
  const [middle, otherMiddle] = [mean(left), mean(right)]
  let [together, alone, otherAlone] = [0, 0, 0]
  left.forEach((n, at) => {
    const [away, otherAway] = [n - middle, (right[at] ?? 0) - otherMiddle]
    together += away * otherAway
    alone += away ** 2
    otherAlone += otherAway ** 2
  })
  return together / Math.sqrt(alone * otherAlone)
}

/** Each patient's place in the order of a permit, which is that of pseudonyms. */
function ranks(members: readonly PatientKeys[]): number[] {
  const order = members.map(({ pseudonym }, at) => ({ pseudonym, at }))
  order.sort((left, right) => (left.pseudonym < right.pseudonym ? -1 : 1))
  const places = new Array<number>(members.length).fill(0)
  order.forEach(({ at }, place) => (places[at] = place))
  return places
}

it('gives no two patients of two permits one pseudonym', () => {
  const all = new Set([...mine, ...theirs].map(({ pseudonym }) => pseudonym))
  expect(all.size).toBe(2 * patients)
})

it('gives one resource and one image names in two permits that have no part in common', () => {
  const named = (permit: PermitKeys, members: readonly PatientKeys[]) =>
    members.flatMap((member, n) => [
      resourcePseudonym(permit, member, 'Observation', `o${n}`).slice(-19),
      resourcePseudonym(permit, undefined, 'Medication', `m${n}`),
      uid(permit, `1.2.${n}`),
    ])
  const some = Math.min(patients, 100_000)
  const names = new Set([...named(one, mine.slice(0, some)), ...named(other, theirs.slice(0, some))])
  expect(names.size).toBe(6 * some)
})

it('lets neither offsets nor order of one permit tell those of another, nor of arrival', () => {
  const arrival = mine.map((_, at) => at)
  const [order, otherOrder] = [ranks(mine), ranks(theirs)]
  const [shift, otherShift] = [mine.map((m) => m.shiftDays), theirs.map((m) => m.shiftDays)]
  const pairs = [
    [order, otherOrder],
    [order, arrival],
    [shift, otherShift],
    [shift, arrival],
    [shift, order],
  ] as const
  // secrets are fixed, so this does not fall out otherwise another time
  for (const [left, right] of pairs) expect(Math.abs(deviations(left, right))).toBeLessThan(4)
})

it('takes every offset but 0, each as likely as another', () => {
  const counts = new Map<number, number>()
  for (const { shiftDays } of mine) counts.set(shiftDays, (counts.get(shiftDays) ?? 0) + 1)
  expect(counts.has(0)).toBe(false)
  expect([...counts.keys()].every((days) => Number.isInteger(days) && Math.abs(days) <= 365)).toBe(true)
  const expected = patients / 730
  const chiSquared = Array.from({ length: 731 }, (_, n) => n - 365)
    .filter((days) => days !== 0)
    .reduce((sum, days) => sum + ((counts.get(days) ?? 0) - expected) ** 2 / expected, 0)
  // 729 degrees of freedom: mean 729, standard deviation 38
  expect(Math.abs(chiSquared - 729)).toBeLessThan(5 * 38)
})
