import { CodeField } from './credential-fields.tsx'
import { Csrf, Page, type PageContext } from './page.tsx'
import { words } from './words/words.ts'

/** The code of the second factor, after name and password. */
export function CodePage(
  props: PageContext & { readonly returnTo: string; readonly waiting: string; readonly refused?: boolean },
) {
  const { language, csrf, returnTo, waiting, refused = false } = props
  const { code } = words[language]
  return (
    <Page {...props} title={code.title}>
      <form class="narrow" method="post" action="/sign-in/code">
        <Csrf token={csrf} />
        <input type="hidden" name="return_to" value={returnTo} />
        <input type="hidden" name="waiting" value={waiting} />
        <CodeField language={language} refused={refused} />
        <p>
          <button>{code.submit}</button>
        </p>
      </form>
    </Page>
  )
}
