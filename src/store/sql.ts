/** A statement with its values apart. Fragments nest; every other value becomes a parameter. */
export interface Sql {
  readonly text: string
  readonly values: readonly unknown[]
  readonly [fragment]: true
}

const fragment = Symbol('sql')

/**
 * Composes SQL: `` sql`SELECT body FROM clinical.resource WHERE type = ${type} AND ${condition}` ``.
 * A value that is itself a `Sql` is put in place with its parameters renumbered; all others are bound.
 * Identifiers are written in the template, never interpolated.
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  let text = strings[0] ?? ''
  const values: unknown[] = []
  parts.forEach((part, index) => {
    if (isSql(part)) {
      text += part.text.replace(/\$(\d+)/g, (_, number: string) => `$${Number(number) + values.length}`)
      values.push(...part.values)
    } else {
      values.push(part)
      text += `$${values.length}`
    }
    text += strings[index + 1] ?? ''
  })
  return { text, values, [fragment]: true }
}

/** Joins fragments by AND; none at all is TRUE. */
export function and(conditions: readonly Sql[]): Sql {
  return join(conditions, ' AND ', 'TRUE')
}

/** Joins fragments by OR; none at all is FALSE. */
export function or(conditions: readonly Sql[]): Sql {
  return join(conditions, ' OR ', 'FALSE')
}

function join(parts: readonly Sql[], separator: ' AND ' | ' OR ', empty: string): Sql {
  const first = parts[0]
  if (first === undefined) return { text: empty, values: [], [fragment]: true }
  const joined = parts.slice(1).reduce((left, right) => {
    const text = right.text.replace(
      /\$(\d+)/g,
      (_, number: string) => `$${Number(number) + left.values.length}`,
    )
    return {
      text: left.text + separator + text,
      values: [...left.values, ...right.values],
      [fragment]: true as const,
    }
  }, first)
  return { ...joined, text: `(${joined.text})` }
}

function isSql(value: unknown): value is Sql {
  return typeof value === 'object' && value !== null && fragment in value
}
