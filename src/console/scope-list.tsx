import type { Scope } from '../access/scope.ts'
import type { Language } from './language.ts'
import { scopeWords } from './scope-words.ts'

/** What an app may do, a line for each scope. */
export function ScopeList(props: { readonly scopes: readonly Scope[]; readonly language: Language }) {
  return (
    <ul>
      {props.scopes.map((scope) => {
        const said = scopeWords(scope, props.language)
        return (
          <li>
            {said.what} <span class="quiet">({said.how})</span>
          </li>
        )
      })}
    </ul>
  )
}
