/** Letters that Unicode does not take apart, in the spelling people type for them. */
const spelledOut: Readonly<Record<string, string>> = {
  ß: 'ss',
  œ: 'oe',
  æ: 'ae',
  ø: 'o',
  ð: 'd',
  đ: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ĸ: 'k',
  ŋ: 'n',
  ς: 'σ',
}

/** Plain lower-case letters, digits and single spaces are their own normal form. */
const alreadyNormal = /^(?:[a-z0-9]+(?: [a-z0-9]+)*)?$/

/**
 * The form in which strings are compared in a search: without case, accents, ligatures, and with every
 * run of punctuation and white space as one space. `Jean-Rémi  D'Œuvre` becomes `jean remi d oeuvre`.
 *
 * @returns may be `''` when there is no letter or digit in it
 * @see FHIR R4 § Search, "string"
 */
export function normalise(text: string): string {
  if (alreadyNormal.test(text)) return text
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD') // lower case of some letters is a letter with a mark: İ
    .replace(/\p{M}+/gu, '')
    .replace(/[ßœæøðđþłħŧıĸŋς]/g, (letter) => spelledOut[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/**
 * The form in which codes are compared: servers "SHOULD treat tokens in a case-insensitive manner".
 *
 * @see FHIR R4 § Search, "token"
 */
export function foldCode(code: string): string {
  return code.toLowerCase()
}
