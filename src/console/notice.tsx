import { Csrf, Page, type PageContext } from './page.tsx'
import { words } from './words/words.ts'

/** A page that tells one thing. */
export function Notice(props: PageContext & { readonly title: string; readonly text: string }) {
  return (
    <Page {...props}>
      <p>{props.text}</p>
    </Page>
  )
}

/** Somebody else is signed in than the one whom an EHR launched an app for: the way to change that. */
export function OtherPersonPage(
  props: PageContext & { readonly username: string; readonly returnTo: string },
) {
  const { language, csrf, username, returnTo } = props
  const { otherPerson } = words[language]
  return (
    <Page {...props} title={otherPerson.title}>
      <p>{otherPerson.text(username)}</p>
      <form method="post" action="/sign-out">
        <Csrf token={csrf} />
        <input type="hidden" name="return_to" value={returnTo} />
        <p>
          <button>{otherPerson.change}</button>
        </p>
      </form>
    </Page>
  )
}
