import type { PendingAuthorization } from '../auth/oauth/authorizations.ts'
import type { Scope } from '../access/scope.ts'
import { Csrf, Page, type PageContext } from './page.tsx'
import type { FoundPatient } from './patient-search.ts'
import { ScopeList } from './scope-list.tsx'
import { scopeWords } from './scope-words.ts'
import { words } from './words/words.ts'

/** What somebody is asked to consent to. */
export interface ConsentAsked {
  readonly pending: PendingAuthorization
  /** whom the app will work on, as far as this person may see them */
  readonly patient: FoundPatient | undefined
  /** the glass was to be broken and no reason given: what was ticked then, to stay so */
  readonly withoutReason: { readonly ticked: ReadonlySet<string>; readonly offline: boolean } | undefined
}

/** Who asks, for what, and how much of it is granted. */
export function ConsentPage(props: PageContext & ConsentAsked) {
  const { language, csrf, pending } = props
  const { consent } = words[language]
  const path = `/auth/interaction/${pending.uid}`
  const app = pending.client.client_name ?? pending.clientId
  return (
    <Page {...props} title={consent.title}>
      <p>{consent.asks(app)}</p>
      <Who {...props} app={app} />
      <form method="post" action={`${path}/consent`}>
        <Csrf token={csrf} />
        <fieldset>
          <legend>{consent.data}</legend>
          <p class="hint">{consent.untick}</p>
          {pending.scopes.map((scope) => (
            <ScopeChoice {...props} scope={scope} />
          ))}
        </fieldset>
        <Words {...props} />
        <p class="actions">
          <button>{consent.allow}</button>
          <button class="second" formaction={`${path}/cancel`}>
            {consent.refuse}
          </button>
        </p>
        {pending.emergency.length > 0 && <Emergency {...props} />}
      </form>
    </Page>
  )
}

function Who({ language, pending, patient, app }: PageContext & ConsentAsked & { app: string }) {
  const { consent, patient: said } = words[language]
  const { client, base } = pending
  return (
    <div class="card">
      <dl>
        <dt>{consent.app}</dt>
        <dd>{app}</dd>
        {client.client_uri && (
          <>
            <dt>{consent.site}</dt>
            <dd>{client.client_uri}</dd>
          </>
        )}
        <dt>{consent.returns}</dt>
        <dd>{pending.returnsTo}</dd>
        {patient && (
          <>
            <dt>{consent.about}</dt>
            <dd>
              {patient.name === '' ? said.unnamed : patient.name}
              {patient.birthDate && `, ${patient.birthDate}`}
            </dd>
          </>
        )}
      </dl>
      {base.permit !== undefined && <p>{consent.research}</p>}
    </div>
  )
}

function ScopeChoice({ language, scope, withoutReason }: PageContext & ConsentAsked & { scope: Scope }) {
  const said = scopeWords(scope, language)
  const id = `scope-${said.scope}`
  return (
    <div class="choice">
      <input
        type="checkbox"
        {...{ id, name: 'scope', value: said.scope }}
        checked={withoutReason?.ticked.has(said.scope) ?? true}
      />
      <label for={id}>
        <strong>{said.what}</strong>
        <span class="quiet">{said.how}</span>
      </label>
    </div>
  )
}

function Words({ language, pending, withoutReason }: PageContext & ConsentAsked) {
  const { consent } = words[language]
  const asks = (word: string) => pending.words.includes(word)
  return (
    <>
      {asks('openid') && <p>{consent.identity}</p>}
      {asks('online_access') && !asks('offline_access') && <p>{consent.online}</p>}
      {asks('offline_access') && (
        <div class="choice">
          <input
            type="checkbox"
            {...{ id: 'offline', name: 'offline', value: 'yes' }}
            checked={withoutReason?.offline ?? true}
          />
          <label for="offline">
            <strong>{consent.offline}</strong>
            <span class="quiet">{consent.offlineHint}</span>
          </label>
        </div>
      )}
    </>
  )
}

function Emergency(props: PageContext & ConsentAsked) {
  const { language, pending, withoutReason } = props
  const { consent } = words[language]
  return (
    <section class="card warning" aria-labelledby="emergency">
      <h2 id="emergency">{consent.emergency}</h2>
      <p>{consent.emergencyText}</p>
      <ScopeList scopes={pending.emergency} language={language} />
      <p>
        <label for="reason">{consent.emergencyReason}</label>
        <textarea
          {...{ id: 'reason', name: 'reason', rows: 3, maxLength: 1000 }}
          {...(withoutReason ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'reason-wrong' } : {})}
        />
        {withoutReason && (
          <span class="wrong" id="reason-wrong" role="alert">
            {consent.emergencyNoReason}
          </span>
        )}
      </p>
      <p>
        <button class="second" name="emergency" value="yes">
          {consent.emergencyAllow}
        </button>
      </p>
    </section>
  )
}
