/**
 * Cuts a search value at each separator that no backslash precedes. The parts keep their escapes.
 *
 * @see FHIR R4 § Search, "Escaping Search Parameters"
 */
export function splitUnescaped(text: string, separator: ',' | '|' | '$'): readonly string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** `\,` `\|` `\$` `\\` to the characters they stand for; any other backslash stands for itself. */
export function unescapeValue(text: string): string {
  return text.replace(/\\([,|$\\])/g, '$1')
}

/** The other way: what a value must look like to be one value of a search. */
export function escapeValue(text: string): string {
  return text.replace(/[,|$\\]/g, '\\$&')
}
