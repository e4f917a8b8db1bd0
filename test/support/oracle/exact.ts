/**
 * Decimal fractions without rounding: whole numbers of 10⁻²⁴. Enough for what the pools hold, in any of
 * their units.
 */
export type Exact = bigint

const places = 24

/** @returns undefined when the text is no decimal */
export function exact(text: string): Exact | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  if (sign === undefined) return undefined
  const shift = places - fraction.length + Number(exponent)
  const digits = BigInt(whole + fraction)
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
  return sign === '-' ? -scaled : scaled
}

/** Half a unit of the last digit: `100` is known to 0.5, `5.40` to 0.005, `1e2` (as `1.0e2`) to 5. */
export function halfStep(text: string): Exact {
  const [, fraction = '', exponent = '0'] = /^[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = /[eE]/.test(text) && fraction === '' ? 1 : fraction.length
  return 5n * 10n ** BigInt(places - digits - 1 + Number(exponent))
}

/** The product, to the same places. */
export function times(a: Exact, b: Exact): Exact {
  return (a * b) / 10n ** BigInt(places)
}
