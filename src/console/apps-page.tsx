import type { AuthorizedApp } from '../auth/oauth/authorized-apps.ts'
import type { Language } from './language.ts'
import { Csrf, Page, type PageContext } from './page.tsx'
import { ScopeList } from './scope-list.tsx'
import { words } from './words/words.ts'

/** All apps of a person, each with what ends it. */
export function AppsPage(
  props: PageContext & { readonly apps: readonly AuthorizedApp[]; readonly revoked: boolean },
) {
  const { language, apps: list, revoked } = props
  const { apps } = words[language]
  return (
    <Page {...props} title={apps.title}>
      {revoked && <p role="status">{apps.revoked}</p>}
      {list.length === 0 && <p>{apps.none}</p>}
      {list.map((app) => (
        <App {...props} app={app} />
      ))}
    </Page>
  )
}

function App({ language, csrf, app }: PageContext & { readonly app: AuthorizedApp }) {
  const { apps } = words[language]
  const name = app.name ?? app.clientId
  return (
    <section class="card">
      <h2>{name}</h2>
      <ScopeList scopes={app.scopes} language={language} />
      <dl>
        <dt>{apps.since}</dt>
        <dd>{moment(app.since, language)}</dd>
        <dt>{apps.lastUsed}</dt>
        <dd>{moment(app.lastUsed, language)}</dd>
        <dt>{apps.until}</dt>
        <dd>{moment(app.until, language)}</dd>
      </dl>
      <form method="post" action={`/account/apps/${encodeURIComponent(app.grantId)}/revoke`}>
        <Csrf token={csrf} />
        <p>
          <button class="second" aria-label={apps.revokeWhom(name)}>
            {apps.revoke}
          </button>
        </p>
      </form>
    </section>
  )
}

function moment(at: Date, language: Language): string {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  return at.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Europe/Paris' })
}
