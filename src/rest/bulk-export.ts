import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ExportStatus } from '../export/exports.ts'
import { FhirError } from '../fhir/outcome.ts'

/**
 * Checks the two headers of a kick-off. The guide lets a server do without them; the test kits, and
 * people who opened the URL in a browser, are better served by a refusal.
 *
 * @throws FhirError 406 without `Accept: application/fhir+json`, 400 without `Prefer: respond-async`
 */
export function demandAsync({ accept, prefer }: FastifyRequest['headers']): void {
  const types = (accept ?? '').split(',').map((type) => type.split(';')[0]?.trim().toLowerCase())
  if (!types.includes('application/fhir+json')) {
    throw FhirError.notSupported('Accept: application/fhir+json expected', 406)
  }
  const preferences = [prefer ?? []].flat().flatMap((one) => one.split(/[,;]/).map((part) => part.trim()))
  if (!preferences.includes('respond-async')) throw FhirError.invalid('Prefer: respond-async expected')
}

/** Whether a client takes gzip. @see RFC 9110 § 12.5.3 */
export function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  return [acceptEncoding ?? []]
    .flat()
    .some((header) =>
      header.split(',').some((coding) => /^\s*(gzip|x-gzip)\s*(;(?!\s*q=0(\.0*)?\s*$).*)?$/i.test(coding)),
    )
}

/**
 * Answers a status request: 202 with the progress, or 200 with the manifest.
 *
 * @param files URL that the files are below
 * @see Bulk Data Access IG § Bulk Data Status Request
 */
export function sendStatus(reply: FastifyReply, status: ExportStatus, files: string, now: Date): void {
  void reply.header('Cache-Control', 'no-store')
  if (status.state === 'running') {
    const percent = status.total === 0 ? 0 : Math.floor((100 * status.done) / status.total)
    void reply
      .status(202)
      .headers({ 'X-Progress': `${percent}%`, 'Retry-After': String(retryAfterSeconds(status.since, now)) })
      .send()
    return
  }
  void reply
    .header('Expires', status.expiresAt.toUTCString())
    .type('application/json')
    .send(manifest(status, files))
}

/** A tenth of the time that the job has taken so far: whole seconds, because clients read nothing else. */
export function retryAfterSeconds(since: Date, now: Date): number {
  const tenth = Math.round((now.getTime() - since.getTime()) / 10_000)
  return Math.min(Math.max(tenth, 1), 60)
}

type Done = ExportStatus & { readonly state: 'done' }

function manifest({ transactionTime, url, files }: Done, below: string): string {
  const items = (isError: boolean) =>
    files
      .filter((file) => file.isError === isError)
      .map(({ file, type, count, bytes, sha256 }) => ({
        ...{ type, url: `${below}/${file}`, count },
        // of the NDJSON: what a client can check its copy by
        extension: { bytes, sha256 },
      }))
  return JSON.stringify({
    transactionTime: transactionTime.toISOString(),
    request: url,
    requiresAccessToken: true,
    output: items(false),
    error: items(true),
  })
}
