import { stem } from '../support/canaries.ts'
import { find, needles } from '../support/canary-search.ts'

/** The stem as programs write it, not by the encoder of the search itself. */
const disguises: readonly [form: string, text: string | Buffer][] = [
  ['plain', `a ${stem.toLowerCase()} b`],
  ['base64 from 0', btoa(`${stem}??>`)],
  ['base64 from 1', btoa(`?${stem}>`)],
  ['base64 from 2', btoa(`??${stem}>`)],
  ['hex', Buffer.from(`a${stem}`).toString('hex')],
  ['upper hex', Buffer.from(`a${stem.toUpperCase()}`).toString('hex').toUpperCase()],
  ['JSON escapes', stem.replace(/./g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)],
  ['upper JSON escapes', stem.replace(/./g, (one) => `\\u00${one.charCodeAt(0).toString(16).toUpperCase()}`)],
  ['UTF-16', Buffer.from(new Uint16Array([...`a${stem}`].map((one) => one.charCodeAt(0))).buffer)],
  ['UTF-16 big-endian', Buffer.from([...stem].flatMap((one) => [0, one.charCodeAt(0)]))],
]

it.each(disguises)('the search for canaries sees one that is written in %s', (form, text) => {
  const needle = needles([stem])
  expect(
    find('here', Buffer.concat([Buffer.from('before'), Buffer.from(text), Buffer.from('after')]), needle),
  ).toContain(`here: ${stem} (${form})`)
})
