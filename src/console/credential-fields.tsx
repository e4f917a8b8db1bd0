import type { Language } from './language.ts'
import { Field } from './page.tsx'
import { words } from './words/words.ts'

interface Asked {
  readonly language: Language
  /** what was typed before was wrong */
  readonly refused: boolean
}

/** Where somebody types their password. */
export function PasswordField({ language, refused }: Asked) {
  const { signIn } = words[language]
  return (
    <Field
      name="password"
      type="password"
      label={signIn.password}
      autocomplete="current-password"
      wrong={refused ? signIn.refused : undefined}
    />
  )
}

/** Where somebody types a code of their second factor. @param props `ofApp`: a recovery code does not do */
export function CodeField({ language, refused, ofApp = false }: Asked & { readonly ofApp?: boolean }) {
  const { code } = words[language]
  return (
    <Field
      name="code"
      label={code.label}
      {...(ofApp ? {} : { hint: code.hint })}
      autocomplete="one-time-code"
      wrong={refused ? code.refused : undefined}
    />
  )
}
