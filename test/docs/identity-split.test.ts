import { readFileSync, writeFileSync } from 'node:fs'
import { identitySplitPage } from './identity-split.ts'

const page = new URL('../../docs/identity-split.md', import.meta.url)

it('the page on the identity split says what the rules say', () => {
  if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(page, identitySplitPage())
  expect(readFileSync(page, 'utf8')).toBe(identitySplitPage())
})
