import { pipeline, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { createGunzip } from 'node:zlib'
import { FhirError, issue } from '../fhir/outcome.ts'
import { isListedUrl } from '../interactions/listed-url.ts'

/** A source that does not begin to answer by then is tried again later. */
const answerMs = 60_000

/**
 * Fetches a file as it comes. It is followed nowhere else. One that is gzip is unpacked.
 *
 * @throws FhirError 422 when it is not listed any more, or is not there (4xx); Error when it may be later
 */
export async function fetchNdjson(
  url: string,
  sources: readonly string[],
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  if (!isListedUrl(sources, url)) throw refused('not one of the sources that this server may fetch')
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('no answer')), answerMs)
  try {
    const headers = { Accept: 'application/fhir+ndjson' }
    const answer = await fetch(url, {
      headers,
      redirect: 'error',
      signal: AbortSignal.any([signal, late.signal]),
    })
    if (answer.status >= 400 && answer.status < 500) throw refused(`its server answers ${answer.status}`)
    if (!answer.ok || !answer.body) throw new Error(`a source answers ${answer.status}`)
    // the type of browsers and that of Node.js differ in name alone
    const bytes = Readable.fromWeb(answer.body as ReadableStream)
    const isPacked =
      new URL(url).pathname.endsWith('.gz') || /gzip/.test(answer.headers.get('content-type') ?? '')
    // an error of one side closes the other, and reaches whoever reads
    return isPacked ? pipeline(bytes, createGunzip(), () => undefined) : bytes
  } finally {
    clearTimeout(timer)
  }
}

function refused(why: string): FhirError {
  return FhirError.unprocessable([issue('business-rule', `input.url: ${why}`, 'input.url')])
}
