/** A number as a search gives it, and the numbers that it stands for. */
export interface ImplicitRange {
  readonly number: number
  /** [low, high): all that would be written like this at this precision */
  readonly low: number
  readonly high: number
}

/** far beyond what a double can tell apart */
const maxLength = 64

const decimal = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * The implicit precision of a decimal: `100` stands for [99.5, 100.5), `100.00` for [99.995, 100.005).
 * The bounds are computed on the digits, so that the 5.35 of `5.4` is the double nearest to 5.35.
 *
 * The specification gives [95, 105) for `1e2`; we read it as `1.0e2`, whatever the exponent.
 *
 * @returns undefined when the text is not a decimal, or beyond a double
 * @see FHIR R4 § Search, "number"
 */
export function implicitRange(text: string): ImplicitRange | undefined {
  const match = text.length > maxLength ? null : decimal.exec(text)
  const number = Number(text)
  if (!match || !Number.isFinite(number)) return undefined
  const [, sign, whole = '', given = '', exponent] = match
  const fraction = exponent !== undefined && given === '' ? '0' : given
  // one more digit than was given, so that half a unit of the last one is 5
  const digits = BigInt(`${whole}${fraction}0`) * (sign === '-' ? -1n : 1n)
  const scale = Number(exponent ?? 0) - fraction.length - 1
  return { number, low: Number(`${digits - 5n}e${scale}`), high: Number(`${digits + 5n}e${scale}`) }
}
