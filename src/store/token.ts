import { hash } from 'node:crypto'

/**
 * A parameter and a value as one 64-bit number: the first eight bytes of SHA-256, signed, as
 * `clinical.token(text)` computes it in SQL. One array of these answers every token, reference and
 * uri search of a row; two texts meet by chance once in 2^64.
 */
export function token(text: string): bigint {
  let number = memory.get(text)
  if (number === undefined) {
    number = hash('sha256', text, 'buffer').readBigInt64BE(0)
    if (memory.size >= 100_000) memory.clear()
    memory.set(text, number)
  }
  return number
}

/** Codes repeat: most tokens of an import were computed before. */
const memory = new Map<string, bigint>()

/** Texts of tokens, one form each, used alike by writing and by searching. */
export const tokenText = {
  /** any value is there: `:missing` */
  present: (parameter: string) => `${parameter}|+`,
  /** `undefined` leaves a part open, `''` is a coding without a system; codes come folded by `fhir/extract.ts` */
  coding: (parameter: string, system: string | undefined, code: string | undefined) =>
    `${parameter}|c|${system ?? '*'}|${code ?? '*'}`,
  reference: (parameter: string, type: string, id: string) => `${parameter}|${type}/${id}`,
  url: (parameter: string, url: string) => `${parameter}|u|${url}`,
  /** a further patient whose compartment this row is in */
  compartment: (patient: string) => `_compartment|${patient}`,
  unit: (system: string | undefined, code: string) => `unit|${system ?? '*'}|${code}`,
}
