import type { PendingAuthorization } from '../auth/oauth/authorizations.ts'
import type { Scope } from '../access/scope.ts'
import { Csrf, Page, type PageContext } from './page.tsx'
import type { FoundPatient } from './patient-search.ts'
import { scopeWords } from './scope-words.ts'
import { words } from './words/words.ts'

/** What somebody is asked to consent to. */
export interface ConsentAsked {
  readonly pending: PendingAuthorization
  /** whom the app will work on, as far as this person may see them */
  readonly patient: FoundPatient | undefined
  /** where the app takes over again: the origin of its redirect URI */
  readonly returnsTo: string
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
            <ScopeChoice {...props} scope={scope} name="scope" />
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

function Who({ language, pending, patient, returnsTo, app }: PageContext & ConsentAsked & { app: string }) {
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
        <dd>{returnsTo}</dd>
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

function ScopeChoice(props: PageContext & ConsentAsked & { scope: Scope; name: string }) {
  const { language, scope, name, withoutReason } = props
  const said = scopeWords(scope, language)
  const id = `${name}-${said.scope}`
  return (
    <div class="choice">
      <input
        type="checkbox"
        {...{ id, name, value: said.scope }}
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
      <ul>
        {pending.emergency.map((scope) => {
          const said = scopeWords(scope, language)
          return (
            <li>
              {said.what} <span class="quiet">({said.how})</span>
            </li>
          )
        })}
      </ul>
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
