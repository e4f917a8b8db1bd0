const longest = 2_000

/**
 * Whether a URL begins with one that the hospital lists, as the parser reads both: `https://ehr.example@evil/`
 * begins like `https://ehr.example`, and is none. What another server may read as a step up is none either.
 *
 * @param prefixes URLs that end in a slash
 */
export function isListedUrl(prefixes: readonly string[], text: string): boolean {
  const url = text.length <= longest && URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.username !== '' || url.password !== '' || /%2e|%2f|%5c/i.test(url.pathname)) return false
  return prefixes.some((prefix) => url.href.startsWith(new URL(prefix).href))
}
