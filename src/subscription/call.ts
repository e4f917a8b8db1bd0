import type { Watch } from '../interactions/subscriptions/rules.ts'

/**
 * Calls an endpoint once. It is followed nowhere else, and nothing of its answer is read.
 *
 * @param body JSON text; undefined: the call is the message
 * @returns whether it was taken: an answer of 2xx in time
 */
export async function call(watch: Watch, body: string | undefined, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(watch.endpoint, {
      method: 'POST',
      redirect: 'error',
      headers: headersOf(watch, body),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(watch.timeoutSeconds * 1000)]),
    })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    // refused, cut off, too slow: all the same to us, and its words may name anybody
    return false
  }
}

function headersOf({ headers }: Watch, body: string | undefined): Headers {
  const list = new Headers(body === undefined ? {} : { 'Content-Type': 'application/fhir+json' })
  for (const line of headers) {
    const colon = line.indexOf(':')
    list.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return list
}
