/** A row of a table for a type whose members may be absent: PostgreSQL has null for these. */
export type Nullable<T> = {
  [Name in keyof T]: undefined extends T[Name] ? Exclude<T[Name], undefined> | null : T[Name]
}

/** The row with undefined for null. */
export function plain<T extends object>(row: Nullable<T>): T {
  const entries = Object.entries(row).map(([name, value]) => [name, value ?? undefined])
  return Object.fromEntries(entries) as T
}
