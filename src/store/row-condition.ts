import { nilPatient } from './row.ts'
import { sql, type Sql } from './sql.ts'
import { token, tokenText } from './token.ts'

/**
 * Above that `&&` is no good: planners take what a value set of thousands finds for many rows, leave the
 * index alone, and compare each token of each row with each of the list (9,000 of them over 200,000 rows
 * took more than 20 s). `= ANY` looks them up in a hash (1.2 s on the same busy machine).
 */
const mostByIndex = 128

/** `r.tokens` has one of these. One is asked by `@>`, which every planner estimates well. */
export function hasToken(tokens: readonly bigint[]): Sql {
  return has(sql`r.tokens`, tokens)
}

/** The same of another array. */
export function has(column: Sql, tokens: readonly bigint[]): Sql {
  const list = tokens.map(String)
  if (list.length > mostByIndex) {
    return sql`EXISTS (SELECT FROM unnest(${column}) AS one (token) WHERE one.token = ANY(${list}::bigint[]))`
  }
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
