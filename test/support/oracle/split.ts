/**
 * The parts of a search value, with their escapes undone.
 *
 * @see FHIR R4 § Search, "Escaping Search Parameters"
 */
export function split(text: string, separator: string): string[] {
  return splitEscaped(text, separator).map(unescape)
}

/** The same with the escapes as they are. */
export function splitEscaped(text: string, separator: string): string[] {
  const parts = ['']
  for (const [piece] of text.matchAll(/\\.|[^\\]|\\/gsu)) {
    if (piece === separator) parts.push('')
    else parts.push(`${parts.pop() ?? ''}${piece}`)
  }
  return parts
}

/** A backslash before anything but `,` `|` `$` `\` stands for itself. */
export function unescape(text: string): string {
  return text.replace(/\\([,|$\\])/g, '$1')
}

export function escape(text: string): string {
  return text.replace(/[,|$\\]/g, '\\$&')
}
