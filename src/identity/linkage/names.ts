import { normalise } from '../../fhir/search/normalise.ts'
import { sounds } from '../../fhir/search/phonetic.ts'
import { edits } from './edits.ts'

/** How two names agree. `part`: one component of a double name, a truncated or abbreviated given name. */
export type NameAgreement = 'equal' | 'near' | 'part' | 'different'

/** Words that are written or left out, together or apart: `de La Tour`, `d'Arc`, `Ben Ali`. */
const particles: ReadonlySet<string> = new Set([
  'de',
  'd',
  'du',
  'des',
  'le',
  'la',
  'l',
  'les',
  'van',
  'von',
  'der',
  'den',
  'ben',
  'el',
  'al',
])

/** A name as words in normal form, without accents, case, ligatures, hyphens and apostrophes. */
export function wordsOf(name: string): readonly string[] {
  const normal = normalise(name)
  return normal === '' ? [] : normal.split(' ')
}

/** The words that carry a family name; a name of particles alone keeps them. */
export function coreOf(words: readonly string[]): readonly string[] {
  const core = words.filter((word) => !particles.has(word))
  return core.length > 0 ? core : words
}

/** Agreement of two family names, each as words. */
export function familyAgreement(one: readonly string[], other: readonly string[]): NameAgreement {
  const [left, right] = [coreOf(one), coreOf(other)]
  if (one.join('') === other.join('') || left.join('') === right.join('')) return 'equal'
  if (isNear(one.join(''), other.join('')) || isNear(left.join(''), right.join(''))) return 'near'
  const shared = left.some((word) => word.length > 2 && right.includes(word))
  return shared && (left.length > 1 || right.length > 1) ? 'part' : 'different'
}

/**
 * Agreement of given names, each list in the order of the civil registry. `Jean-Pierre`, `Jean Pierre` and
 * `Jeanpierre` are equal, `Jean` and `JP` are part of it, and so are the same names in another order. A first
 * name that the other does not have at all is different: twins often share a second one.
 */
export function givenAgreement(one: readonly string[], other: readonly string[]): NameAgreement {
  const [left, right] = [wordsOf(one[0] ?? ''), wordsOf(other[0] ?? '')]
  if (left.join('') === right.join('')) return 'equal'
  if (isNear(left.join(''), right.join(''))) return 'near'
  const [lefts, rights] = [one.flatMap(wordsOf), other.flatMap(wordsOf)]
  if (isInitials(left, rights) || isInitials(right, lefts)) return 'part'
  return lefts.includes(right[0] ?? '') && rights.includes(left[0] ?? '') ? 'part' : 'different'
}

/** One slip in a short name, two in a long one; or the same sound. Names of three letters have no slips. */
function isNear(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length)
  if (shorter < 4 || Math.abs(one.length - other.length) > 2) return false
  if (edits(one, other) <= (shorter >= 8 ? 2 : 1)) return true
  const sound = sounds(one).join('')
  return sound.length > 2 && sound === sounds(other).join('')
}

/** `J` or `JP` for `Jean-Pierre`. */
function isInitials(short: readonly string[], words: readonly string[]): boolean {
  const letters = short.join('')
  return (
    letters !== '' &&
    letters.length <= 2 &&
    words
      .map((word) => word.slice(0, 1))
      .join('')
      .startsWith(letters)
  )
}
