import { createRequire } from 'node:module'

/** The system of UCUM codes. @see FHIR R4 § Using UCUM */
export const ucumSystem = 'http://unitsofmeasure.org'

/** The part of `@lhncbc/ucum-lhc` that is used here. */
interface Library {
  validateUnitString(code: string): { readonly status: string; readonly ucumCode: string | null }
  convertUnitTo(
    from: string,
    value: number,
    to: string,
  ): { readonly status: string; readonly toVal: number | null }
}

/** Longer ones are nobody's unit. */
const maxLength = 64
/** Pairs of units, and codes: a hospital has some hundred. */
const maxRemembered = 10_000
/** A double holds 15 digits; what conversion leaves beyond these is its own error. */
const significantDigits = 12

let library: Library | undefined
/** Read when the first unit is asked for: its tables take 60 ms and are not needed to start. */
function load(): Library {
  if (!library) {
    const { UcumLhcUtils } = createRequire(import.meta.url)('@lhncbc/ucum-lhc') as {
      readonly UcumLhcUtils: { getInstance(): Library }
    }
    library = UcumLhcUtils.getInstance()
  }
  return library
}

const validity = new Map<string, boolean>()

/** Whether a text is a UCUM code, as they stand: `mg`, not `milligram`; case matters. */
export function isUcum(code: string): boolean {
  return remember(validity, code, () => {
    if (code === '' || code.length > maxLength || !/^[!-~]+$/.test(code) || hasInherited(code)) return false
    const { status, ucumCode } = load().validateUnitString(code)
    return status === 'valid' && ucumCode === code
  })
}

/** The library looks atoms up in plain objects, where `constructor` is found as well. */
function hasInherited(code: string): boolean {
  return code.split(/[^A-Za-z_]+/).some((atom) => atom in Object.prototype)
}

const commensurability = new Map<string, boolean>()

/** Whether quantities in two units measure the same and can be converted: `mg/dL` and `g/L`, not `mmol/L`. */
export function areCommensurable(from: string, to: string): boolean {
  return remember(commensurability, `${from} ${to}`, () => convert(1, from, to) !== undefined)
}

/**
 * A number of one UCUM unit in another; temperatures and logarithms by their function. To 12 significant
 * digits, so that 1 `10*3/uL` is 1 `10*9/L`.
 *
 * @returns undefined when one is no UCUM code, or they do not measure the same. Moles and masses never do:
 *   of what substance is not known
 */
export function convert(value: number, from: string, to: string): number | undefined {
  if (from === to) return value
  if (!Number.isFinite(value)) return isConvertible(from, to) ? value : undefined
  if (!isUcum(from) || !isUcum(to)) return undefined
  const [plainFrom, plainTo] = withoutInternationalUnits(from, to)
  const { status, toVal } = load().convertUnitTo(plainFrom, value, plainTo)
  if (status !== 'succeeded' || toVal === null || !Number.isFinite(toVal)) return undefined
  return Number(toVal.toPrecision(significantDigits))
}

function isConvertible(from: string, to: string): boolean {
  return from === to || areCommensurable(from, to)
}

/**
 * `m[iU]/L` is `u[iU]/mL` whatever the substance, though the library converts no arbitrary unit. The
 * candela, which no laboratory uses, takes the place of the international unit on both sides.
 */
function withoutInternationalUnits(from: string, to: string): readonly [string, string] {
  if (!internationalUnit.test(from) || !internationalUnit.test(to) || /cd/.test(from + to)) return [from, to]
  return [from.replace(internationalUnit, 'cd'), to.replace(internationalUnit, 'cd')]
}

const internationalUnit = /\[i?I?U\]/

/** A number with the range it stands for, as a search asks for it. */
interface NumberRange {
  readonly number: number
  readonly low: number
  readonly high: number
}

/**
 * What is asked in one UCUM unit, asked in another: how quantities in that unit are searched.
 *
 * @returns undefined when the two do not measure the same
 */
export function inUnit<Asked extends NumberRange>(asked: Asked, from: string, to: string): Asked | undefined {
  const [number, low, high] = [asked.number, asked.low, asked.high].map((value) => convert(value, from, to))
  // a unit that falls as another rises would turn the prefixes round
  if (number === undefined || low === undefined || high === undefined || low > high) return undefined
  return { ...asked, number, low, high }
}

function remember<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  let value = known.get(key)
  if (value === undefined) {
    if (known.size >= maxRemembered) known.clear()
    known.set(key, (value = make()))
  }
  return value
}
