/** White space before which one level is opened. */
const indent = '  '

/**
 * Lays JSON text out for people, for `_pretty=true`. It works on the text, so that no digit changes.
 *
 * @param json without white space between its tokens, as we write it
 */
export function pretty(json: string): string {
  let depth = 0
  const line = () => `\n${indent.repeat(depth)}`
  return json.replace(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]/g, (token) => {
    switch (token) {
      case '{':
      case '[':
        depth++
        return token + line()
      case '}':
      case ']':
        depth--
        return line() + token
      case ',':
        return token + line()
      case ':':
        return ': '
      default:
        return token // a string, or something empty
    }
  })
}
