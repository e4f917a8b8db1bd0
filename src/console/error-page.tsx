import { renderToString } from 'preact-render-to-string'
import type { ErrorPage } from '../auth/oauth/error-page.ts'
import { languageOf } from './language.ts'
import { Notice } from './notice.tsx'
import { words } from './words/words.ts'

/** What somebody sees whose app asked in a way that cannot even be answered to it. */
export const errorPage: ErrorPage = ({ headers }) => {
  const language = languageOf({ headers, query: {}, cookies: {} })
  const visit = { language, person: undefined, csrf: '', here: '/' }
  return `<!doctype html>${renderToString(<Notice {...visit} {...words[language].badRequest} />)}`
}
