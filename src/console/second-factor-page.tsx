import { encode } from 'uqr'
import type { Proposal } from '../auth/people/own-second-factor.ts'
import { CodeField, PasswordField } from './credential-fields.tsx'
import { Csrf, Page, type PageContext } from './page.tsx'
import { words } from './words/words.ts'

export const secondFactorPath = '/account/second-factor'

/** Whether somebody has a second factor, and the way to the other state. */
export function SecondFactorPage(
  props: PageContext & { readonly isSet: boolean; readonly left: number; readonly refused?: boolean },
) {
  const { language, csrf, isSet, left, refused = false } = props
  const { factors } = words[language]
  return (
    <Page {...props} title={factors.title}>
      <p>{isSet ? factors.set : factors.none}</p>
      {isSet && <p>{factors.left(left)}</p>}
      <form class="narrow" method="post" action={`${secondFactorPath}/${isSet ? 'remove' : 'propose'}`}>
        <Csrf token={csrf} />
        {isSet ? (
          <CodeField language={language} refused={refused} />
        ) : (
          <PasswordField language={language} refused={refused} />
        )}
        <p>
          <button>{isSet ? factors.remove : factors.begin}</button>
        </p>
      </form>
    </Page>
  )
}

/** The secret for the app, and the field for the first code that it shows. */
export function ProposalPage(
  props: PageContext & { readonly proposal: Proposal; readonly refused?: boolean },
) {
  const { language, csrf, proposal, refused = false } = props
  const { factors } = words[language]
  return (
    <Page {...props} title={factors.begin}>
      <p>{factors.scan}</p>
      <QrCode text={proposal.uri} label={factors.scan} />
      <p>
        {factors.key} <code>{proposal.secret.match(/.{4}/g)?.join(' ')}</code>
      </p>
      <form class="narrow" method="post" action={`${secondFactorPath}/confirm`}>
        <Csrf token={csrf} />
        <input type="hidden" name="proposal" value={proposal.sealed} />
        <CodeField language={language} refused={refused} ofApp />
        <p>
          <button>{factors.confirm}</button>
        </p>
      </form>
    </Page>
  )
}

/** Shown once: only their hashes are kept. */
export function RecoveryCodesPage(props: PageContext & { readonly codes: readonly string[] }) {
  const { factors } = words[props.language]
  return (
    <Page {...props} title={factors.codes}>
      <p>{factors.keep}</p>
      <ul>
        {props.codes.map((one) => (
          <li>
            <code>{one}</code>
          </li>
        ))}
      </ul>
      <p>
        <a href={secondFactorPath}>{factors.title}</a>
      </p>
    </Page>
  )
}

/** Dark on light whatever the page's colours are: not every camera reads it the other way round. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, data } = encode(text, { ecc: 'M', border: 4 })
  const modules = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} width="240" height="240">
      <rect width={size} height={size} fill="#fff" />
      <path d={modules.join('')} fill="#000" shape-rendering="crispEdges" />
    </svg>
  )
}
