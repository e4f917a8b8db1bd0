import { PasswordField } from './credential-fields.tsx'
import { Csrf, Field, Page, type PageContext } from './page.tsx'
import { words } from './words/words.ts'

/** Name and password. */
export function SignInPage(
  props: PageContext & { readonly returnTo: string; readonly username: string; readonly refused: boolean },
) {
  const { language, csrf, returnTo, username, refused } = props
  const { signIn } = words[language]
  return (
    <Page {...props} title={signIn.title}>
      {returnTo.startsWith('/auth/') && <p>{signIn.forApp}</p>}
      <form class="narrow" method="post" action="/sign-in">
        <Csrf token={csrf} />
        <input type="hidden" name="return_to" value={returnTo} />
        <Field name="username" label={signIn.username} autocomplete="username" value={username} />
        <PasswordField language={language} refused={refused} />
        <p>
          <button>{signIn.submit}</button>
        </p>
      </form>
    </Page>
  )
}

/** The way to the page, and back to another one after it. */
export function signInPath(returnTo: string): string {
  return `/sign-in?${new URLSearchParams({ return_to: returnTo })}`
}
