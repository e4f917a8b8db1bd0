import { nilPatient } from './row.ts'
import { sql, type Sql } from './sql.ts'
import { token, tokenText } from './token.ts'

/** `r.tokens` has one of these. One is asked by `@>`, which every planner estimates well. */
export function hasToken(tokens: readonly bigint[]): Sql {
  return has(sql`r.tokens`, tokens)
}

/** The same of another array. */
export function has(column: Sql, tokens: readonly bigint[]): Sql {
  const list = tokens.map(String)
  return list.length === 1 ? sql`${column} @> ${list}::bigint[]` : sql`${column} && ${list}::bigint[]`
}

/** The row is in the compartment of one of these patients. */
export function inCompartment(patients: readonly string[]): Sql {
  const others = patients.map((patient) => token(tokenText.compartment(patient)))
  return sql`(r.patient = ANY(${patients}::uuid[]) OR ${hasToken(others)})`
}

/** The row's patient is the one that `patient` or `subject` names, not one that performed or is otherwise named. */
export const isSubject = sql`NOT ${hasToken([token(tokenText.notSubject)])}`

/** The row has such a patient. */
export const hasSubject = sql`(r.patient <> ${nilPatient}::uuid AND ${isSubject})`
