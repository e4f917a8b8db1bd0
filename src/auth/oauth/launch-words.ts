import { printScopes, type Scope } from '../../access/scope.ts'

/** The scopes of App Launch beside the clinical ones. @see SMART App Launch 2.2 § Scopes and Launch Context */
export const launchWords = [
  'openid',
  'fhirUser',
  'launch',
  'launch/patient',
  'launch/encounter',
  'offline_access',
  'online_access',
] as const
export type LaunchWord = (typeof launchWords)[number]

export function isLaunchWord(token: string): token is LaunchWord {
  return (launchWords as readonly string[]).includes(token)
}

/** The words of a scope string, each once, in the order of {@link launchWords}; what is unknown is left out. */
export function readWords(text: string): readonly LaunchWord[] {
  const tokens = new Set(text.split(' '))
  return launchWords.filter((word) => tokens.has(word))
}

/** Words first, then the clinical scopes in their canonical form. */
export function printGranted(words: readonly string[], scopes: readonly Scope[]): string {
  return [...words, printScopes(scopes)].filter((part) => part !== '').join(' ')
}

/**
 * Those of `wider` that give what `scopes` do not.
 *
 * @param wider a canonical list that includes all of `scopes`
 */
export function addedBy(wider: readonly Scope[], scopes: readonly Scope[]): readonly Scope[] {
  const text = printScopes(scopes)
  return wider.filter((scope) => printScopes([...scopes, scope]) !== text)
}
