import { printScope, type Permission, type Scope } from '../access/scope.ts'
import type { Language } from './language.ts'
import { words } from './words/words.ts'

/** A scope as people read it. */
export interface ScopeWords {
  /** the scope itself, `patient/Observation.rs?category=laboratory` */
  readonly scope: string
  readonly what: string
  /** `read, search; only: laboratory; for this patient only` */
  readonly how: string
}

const order: readonly Permission[] = ['r', 's', 'c', 'u', 'd']

/** Says what a scope lets an app do. */
export function scopeWords(scope: Scope, language: Language): ScopeWords {
  const { actions, types, consent } = words[language]
  const may = order.filter((letter) => scope.permissions.has(letter)).map((letter) => actions[letter])
  const filter =
    scope.parameters === undefined ? [] : [consent.limited(filterWords(scope.parameters, language))]
  return {
    scope: printScope(scope),
    what: scope.type === '*' ? consent.everything : (types[scope.type] ?? scope.type),
    how: [
      may.join(', '),
      ...filter,
      scope.context === 'patient' ? consent.onlyOne : consent.allPatients,
    ].join(language === 'fr' ? ' ; ' : '; '),
  }
}

/** `category=http://…|laboratory`: by its word where there is one, else as it is written. */
function filterWords(parameters: string, language: Language): string {
  const pairs = [...new URLSearchParams(parameters)]
  const said = pairs.map(([name, value]) => {
    const codes = value.split(',').map((one) => one.slice(one.lastIndexOf('|') + 1))
    const known = codes.map((code) => words[language].categories[code])
    return name === 'category' && known.every((word) => word !== undefined)
      ? known.join(', ')
      : `${name} = ${value}`
  })
  return said.join(', ')
}
