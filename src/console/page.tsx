import type { ComponentChildren } from 'preact'
import type { CurrentPerson } from '../auth/people/sessions.ts'
import { languages, type Language } from './language.ts'
import { stylesheetPath } from './stylesheet.ts'
import { words } from './words/words.ts'

/** What every page is made with. */
export interface PageContext {
  readonly language: Language
  /** who is signed in */
  readonly person: CurrentPerson | undefined
  /** of the forms on it: see `Csrf` */
  readonly csrf: string
  /** this page with another `lang`, without one: `/sign-in?return_to=…` */
  readonly here: string
}

/** The frame of all pages. The title names the page and never a patient: it stands in a browser's history. */
export function Page(props: PageContext & { readonly title: string; readonly children: ComponentChildren }) {
  const { language, title, children } = props
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} – Coffre`}</title>
        <link rel="stylesheet" href={stylesheetPath} />
      </head>
      <body>
        <a class="skip" href="#content">
          {words[language].skip}
        </a>
        <Header {...props} />
        <main id="content">
          <h1>{title}</h1>
          {children}
        </main>
        <footer>{words[language].footer}</footer>
      </body>
    </html>
  )
}

function Header({ language, person, csrf, here }: PageContext) {
  const text = words[language]
  return (
    <header>
      <a class="name" href="/">
        Coffre
      </a>
      {person && <a href="/account/apps">{text.apps.short}</a>}
      {person && <a href="/account/second-factor">{text.factors.title}</a>}
      {languages
        .filter((other) => other !== language)
        .map((other) => (
          <a href={`${here}${here.includes('?') ? '&' : '?'}lang=${other}`} lang={other} hreflang={other}>
            {words[other].itself}
          </a>
        ))}
      {person ? (
        <form method="post" action="/sign-out">
          <Csrf token={csrf} />
          <button class="plain">{text.signOut(person.name)}</button>
        </form>
      ) : (
        <a href="/sign-in">{text.signIn.title}</a>
      )}
    </header>
  )
}

/** Stands in every form. */
export function Csrf({ token }: { readonly token: string }) {
  return <input type="hidden" name="csrf" value={token} />
}

/** A field with its label, and what is wrong with it beside it. */
export function Field(props: {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'password' | 'date'
  readonly hint?: string
  readonly wrong?: string | undefined
  readonly autocomplete?: string
  readonly value?: string
}) {
  const { name, label, type = 'text', hint, wrong, autocomplete = 'off', value = '' } = props
  const told = [hint && `${name}-hint`, wrong && `${name}-wrong`].filter(Boolean).join(' ')
  return (
    <p>
      <label for={name}>{label}</label>
      {hint && (
        <span class="hint" id={`${name}-hint`}>
          {hint}
        </span>
      )}
      <input
        {...{ id: name, name, type, autocomplete, value }}
        {...(told === '' ? {} : { 'aria-describedby': told })}
        {...(wrong ? { 'aria-invalid': 'true' as const } : {})}
      />
      {wrong && (
        <span class="wrong" id={`${name}-wrong`} role="alert">
          {wrong}
        </span>
      )}
    </p>
  )
}
