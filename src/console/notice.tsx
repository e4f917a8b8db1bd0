import { Page, type PageContext } from './page.tsx'

/** A page that tells one thing. */
export function Notice(props: PageContext & { readonly title: string; readonly text: string }) {
  return (
    <Page {...props}>
      <p>{props.text}</p>
    </Page>
  )
}
