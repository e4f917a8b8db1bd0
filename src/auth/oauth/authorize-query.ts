/** What a person typed elsewhere, and would be kept with the request. */
const dropped = ['login_hint', 'acr_values', 'claims_locales', 'ui_locales', 'display']

/**
 * The query of an authorization request as the library is to see it. Consent is asked for in any case;
 * that it is said is what makes the library take `offline_access` for more than a mistake.
 *
 * @param search with its `?`, or empty
 */
export function authorizeQuery(search: string): string {
  const parameters = new URLSearchParams(search)
  for (const name of dropped) parameters.delete(name)
  const prompts = (parameters.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '')
  // more than one is a mistake, which the library tells of
  if (parameters.getAll('prompt').length <= 1 && !prompts.includes('none')) {
    parameters.set('prompt', [...new Set([...prompts, 'consent'])].join(' '))
  }
  return `?${parameters.toString()}`
}
