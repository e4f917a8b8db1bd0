/** What is left of a place: a country and, in France, a département. */

const names = ['en', 'fr'].map(
  (language) => new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }),
)
const countries = readCountries()

/**
 * The ISO 3166-1 alpha-2 code of a country that is written as one, or as its English or French name.
 *
 * @returns undefined for anything else: `Address.country` is free text
 */
export function countryCode(country: string): string | undefined {
  return countries.get(country.trim().toUpperCase())
}

function readCountries(): Map<string, string> {
  const found = new Map<string, string>([['FRA', 'FR']])
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    // ISO leaves these to users; CLDR gives some of them names
    if (/^(?:AA|Q[M-Z]|X[A-Z]|ZZ|EU|EZ|UN)$/.test(code)) continue
    // DD has become DE, BU is MM
    const current = new Intl.Locale(`und-${code}`).region ?? code
    for (const one of names) {
      const name = one.of(current)
      if (name !== undefined) found.set(code, current).set(name.toUpperCase(), current)
    }
  }
  return found
}

/**
 * The département of a French postal code, or of a département's own number, as two digits.
 *
 * @returns `20` for both of Corsica, `97` for all overseas; undefined when it is neither
 */
export function departement(postalCode: string): string | undefined {
  if (/^2[AB]$/i.test(postalCode)) return '20'
  const match = /^(0[1-9]|[1-8]\d|9[0-5789])(?:\d{3})?$/.exec(postalCode) ?? /^(9[78])\d$/.exec(postalCode)
  return match?.[1]
}
