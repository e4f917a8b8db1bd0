import { normalise } from './normalise.ts'

/**
 * The words of a text as they sound, for the parameter `phonetic`: `Dupont`, `Dupond` and `Dupon` are one,
 * `Catherine` and `Katrine`, `Philippe` and `Filipe`, `Smith` and `Smyth`.
 *
 * The code is the skeleton of consonants, voiced and voiceless ones together, with an `a` for a vowel at
 * the beginning. It is made for French, where it is endings and doubled letters that people write in many
 * ways, and does for English names. Words in another script stay as they are.
 *
 * @returns lower-case codes without spaces, one for each word; `[]` when there is no letter or digit
 * @see FHIR R4 § Patient, "phonetic": how to match is left to the server
 */
export function sounds(text: string): readonly string[] {
  const normal = normalise(text)
  return normal === '' ? [] : normal.split(' ').map(soundOf)
}

function soundOf(word: string): string {
  if (!/^[a-z]+$/.test(word)) return word
  const spoken = rules.reduce((sound, [pattern, written]) => sound.replace(pattern, written), word)
  // the same sound twice is one, unless a vowel is between the two
  const once = spoken.toLowerCase().replace(/(.)\1+/g, '$1')
  return once.slice(0, 1).replace(/[aeiouy]/, 'a') + once.slice(1).replace(/[aeiouyh]/g, '')
}

/** From spelling to sound, in this order; capitals are sounds that later rules leave alone. */
const rules: readonly (readonly [pattern: RegExp, sound: string])[] = [
  [/(.)\1+/g, '$1'],
  [/^h(?=.)/, ''],
  [/ph/g, 'f'],
  [/th/g, 'T'],
  [/ch(?=[rl])/g, 'K'],
  [/s?ch|sh/g, 'J'],
  [/bv/g, 'v'], // Lefebvre
  [/mp(?=[st])/g, 'm'], // Thompson
  [/aul(?=[td]s?$)/, 'au'], // Thibault
  // endings: a mute e keeps the consonant before it, others are not heard
  [/(?<=.)es?$|(?<=u|oi)x$|(?<=..)[stdz]+$/, ''],
  [/gn/g, 'n'],
  [/gu(?=[eiy])/g, 'K'],
  [/g(?=[eiy])/g, 'J'],
  [/c(?=[eiy])/g, 'S'],
  [/qu?|ck|[cg]/g, 'K'],
  [/x/g, 'KS'],
  [/m(?=[^aeiouym])/g, 'n'],
  [/z/g, 'S'],
  [/[vw]/g, 'F'],
  [/b/g, 'P'],
  [/d/g, 'T'],
]
