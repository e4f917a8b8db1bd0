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
  /** of a composite: there is no such focus, whatever the parameters say that it is made of */
  lacking: (parameter: string) => `${parameter}|-`,
  /** `undefined` leaves a part open, `''` is a coding without a system; codes come folded by `fhir/extract.ts` */
  coding: (parameter: string, system: string | undefined, code: string | undefined) =>
    `${parameter}|c|${part(system)}|${part(code)}`,
  reference: (parameter: string, type: string, id: string) => `${parameter}|${type}/${id}`,
  url: (parameter: string, url: string) => `${parameter}|u|${url}`,
  /** the URI is in this folder: what it is up to its last slash */
  folder: (parameter: string, folder: string) => `${parameter}|f|${folder}`,
  /** a further patient whose compartment this row is in */
  compartment: (patient: string) => `_compartment|${patient}`,
  /** a patient that this row refers to by an element that puts it in no compartment */
  mention: (patient: string) => `_mention|${patient}`,
  /** the row's patient is not the one that `patient` or `subject` names: these name none */
  notSubject: '_compartment|-',
  unit: (system: string | undefined, code: string | undefined) => `unit|${part(system)}|${part(code)}`,
}

/** The name that the tokens of a composite's component go under, in `clinical.composite_index`. */
export function focusParameter(composite: string, component: number): string {
  return `${composite}.${component}`
}

/** What is left open is `*`; in a text that has one, or a bar, these are escaped, so that no two forms meet. */
export function part(text: string | undefined): string {
  return text === undefined ? '*' : text.replace(/[*|\\]/g, '\\$&')
}
