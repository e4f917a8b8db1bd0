import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { FhirError } from '../fhir/outcome.ts'

/** Where a key of a Transit engine is, and what lets us use it. */
export interface TransitKey {
  /** `https://host/v1/transit/keys/name` */
  readonly url: string
  /** read at each request: who renews the token writes it anew */
  readonly tokenFile: string
  readonly namespace: string | undefined
}

/** What the engine answered that is no failure: 200 with data, or 400 with the fate of each entry of a batch. */
export interface TransitAnswer {
  readonly data: unknown
  readonly isWhole: boolean
}

const timeoutMs = 3_000
/** waits before the second and the third try, in milliseconds */
const backoffMs = [100, 500]

/**
 * HTTP of the Transit secrets engine of OpenBao and HashiCorp Vault. Redirects are not followed: the
 * token is for the host that the settings name.
 *
 * @see OpenBao API documentation § Transit secrets engine
 */
export class TransitClient {
  private readonly key: TransitKey

  constructor(key: TransitKey) {
    this.key = key
  }

  /**
   * @param operation `keys`, `encrypt`, `decrypt`
   * @param part of the key: `/rotate`, `/config`
   * @param isRepeatable whether it may be said again when there is no answer
   * @throws FhirError 503 that says in one line, without a value, why it cannot be done now
   */
  async ask(operation: string, part: string, body?: object, isRepeatable = true): Promise<TransitAnswer> {
    const url = this.key.url.replace(/\/keys\/([^/]+)$/, `/${operation}/$1${part}`)
    for (let attempt = 0; ; attempt++) {
      const answer = await this.once(url, body)
      const wait = isRepeatable && mayPass(answer?.status) ? backoffMs[attempt] : undefined
      if (wait === undefined) return read(answer)
      await pause(wait * (0.5 + Math.random()))
    }
  }

  /** @returns undefined when there was no answer */
  private async once(url: string, body: object | undefined): Promise<Response | undefined> {
    const headers: Record<string, string> = {
      'X-Vault-Token': await this.token(),
      'X-Vault-Request': 'true',
      ...(this.key.namespace === undefined ? {} : { 'X-Vault-Namespace': this.key.namespace }),
    }
    try {
      return await fetch(url, {
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
        headers: body ? { ...headers, 'Content-Type': 'application/json' } : headers,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch {
      // not even as a cause: what a client says of a request may quote it
      return undefined
    }
  }

  private async token(): Promise<string> {
    try {
      return (await readFile(this.key.tokenFile, 'utf8')).trim()
    } catch {
      throw unusable('COFFRE_KEYRING_TOKEN_FILE cannot be read')
    }
  }
}

/** 412: a standby that has not caught up; 429: too many; 5xx: sealed, standing by, or broken. */
function mayPass(status: number | undefined): boolean {
  return status === undefined || status === 412 || status === 429 || status >= 500
}

async function read(answer: Response | undefined): Promise<TransitAnswer> {
  if (!answer) throw unusable('the key service cannot be reached')
  const isWhole = answer.ok
  if (!isWhole && answer.status !== 400)
    throw unusable(refusals.get(answer.status) ?? answered(answer.status))
  if (answer.status === 204) return { data: undefined, isWhole }
  const body = (await answer.json().catch(() => undefined)) as { data?: unknown } | null | undefined
  if (!isWhole && !body?.data) throw unusable(answered(answer.status))
  return { data: body?.data, isWhole }
}

const refusals: ReadonlyMap<number, string> = new Map([
  [403, 'the key service refuses the token'],
  [404, 'the key service has no such key'],
  [503, 'the key service is sealed or standing by'],
])

function answered(status: number): string {
  return `the key service answered ${status}`
}

export function unusable(diagnostics: string): FhirError {
  return FhirError.later(503, diagnostics, 10)
}
