import { setTimeout as sleep } from 'node:timers/promises'
import type { Resource } from '../fhir/json.ts'
import { stringifyJson } from '../fhir/json.ts'
import type { DemoServer } from './demo-server.ts'
import { backendToken, bearer, body, json, personToken } from './http.ts'

/** A resource as plain JSON, as it comes over the wire. */
export type Plain = Record<string, unknown>

export interface Safe {
  readonly files: readonly { readonly type: string; readonly count: number; readonly bytes: number }[]
  readonly resources: ReadonlyMap<string, readonly Plain[]>
}

const types = ['Patient', 'Encounter', 'Condition', 'Observation', 'ImagingStudy', 'DiagnosticReport']

/** The demonstration's acts, each over HTTP with the token of who does it. */
export class Story {
  private readonly server: DemoServer

  constructor(server: DemoServer) {
    this.server = server
  }

  /** Writes each array of resources as one transaction of updates under their own ids. */
  async load(batches: Iterable<Resource[]>): Promise<{ resources: number; seconds: number }> {
    const token = await this.careToken()
    const began = performance.now()
    let resources = 0
    for (const batch of batches) {
      const entry = batch.map((resource) => ({
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${String(resource['id'])}` },
      }))
      const bundle = stringifyJson({ resourceType: 'Bundle', type: 'transaction', entry })
      const headers = {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/fhir+json',
        Prefer: 'return=minimal',
      }
      await body(await fetch(`${this.server.url}/fhir`, { method: 'POST', headers, body: bundle }), 200)
      resources += batch.length
    }
    return { resources, seconds: (performance.now() - began) / 1000 }
  }

  /** Claire files and submits. */
  async fileRequest(): Promise<{
    id: string
    code: string
    title: string
    cohort: string
    feasibility: string
  }> {
    const token = await personToken(this.server, 'claire')
    const cohort = '_has:Condition:patient:code=I10'
    const title = 'Renal function and blood pressure in treated hypertension'
    const why = (type: string) => `${type}: without it the course of renal function cannot be told`
    const proposal = {
      title,
      purpose: 'Describe the course of creatinine in patients followed for essential hypertension.',
      purposeCategory: 'scientific-research',
      people: ['claire'],
      clientIds: ['demo-pipeline'],
      cohort: [`Patient?${cohort}`],
      data: types.map((type) => ({ type, typeFilters: [], justification: why(type) })),
      freeText: false,
      expiresOn: new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10),
    }
    const at = `${this.server.url}/governance/requests`
    const { id, code } = await body<{ id: string; code: string }>(
      await fetch(at, json('POST', token, proposal)),
      201,
    )
    const counted = await body<Plain>(await fetch(`${at}/${id}/feasibility`, bearer(token)), 200)
    await this.act('claire', `requests/${id}/submit`, {})
    return { id, code, title, cohort, feasibility: String(Object.values(counted)[0]) }
  }

  /** Camille gives her opinion, Denis grants. @returns the permit's id, the segment of its URL */
  async approve(request: string): Promise<string> {
    await this.act('camille', `requests/${request}/opinions`, { verdict: 'approve' })
    const permit = await this.act('denis', `requests/${request}/permit`, {})
    return String(permit['id'])
  }

  /** The pipeline asks for everything the permit holds, waits, and reads the files. */
  async openSafe(permit: string): Promise<Safe> {
    const base = `/research/${permit}/fhir`
    const token = await backendToken(this.server, 'demo-pipeline', base, 'system/*.rs')
    const kickoff = await fetch(
      `${this.server.url}${base}/$export`,
      bearer(token, { Accept: 'application/fhir+json', Prefer: 'respond-async' }),
    )
    if (kickoff.status !== 202) throw new Error(`$export answered ${kickoff.status}: ${await kickoff.text()}`)
    const manifest = await this.finished(kickoff.headers.get('Content-Location') ?? '', token)
    const resources = new Map<string, Plain[]>()
    const files = []
    for (const { type, url, count } of manifest.output) {
      const text = await (await fetch(url, bearer(token, { Accept: 'application/fhir+ndjson' }))).text()
      const lines = text.split('\n').filter((line) => line !== '')
      resources.set(type, [...(resources.get(type) ?? []), ...lines.map((line) => JSON.parse(line) as Plain)])
      files.push({ type, count, bytes: Buffer.byteLength(text) })
    }
    return { files, resources }
  }

  /**
   * One patient with an observation and a report, as care sees them and as the safe holds them. The
   * pair is found by how many resources of each type the patient has: that this works is why
   * pseudonymised data stays personal data, and stays in the safe.
   */
  async pairs(safe: Safe): Promise<{ what: string; source: Plain; released: Plain }[]> {
    const care = await this.careToken()
    const patient = await this.matchedPatient(care, safe)
    if (!patient) return []
    const pairs = [{ what: 'Patient', ...patient }]
    for (const type of ['Observation', 'DiagnosticReport']) {
      const sources = await this.searchCare(
        care,
        `${type}?patient=${String(patient.source['id'])}&_sort=date&_count=1000`,
      )
      const released = ofPatient(safe, type, String(patient.released['id']))
      const date = (resource: Plain) => String(resource['effectiveDateTime'] ?? '')
      const first = sources.find((one) => 'note' in one || 'conclusion' in one) ?? sources[0]
      const rank =
        first === undefined
          ? -1
          : [...sources].sort((a, b) => instant(date(a)) - instant(date(b))).indexOf(first)
      const match = [...released].sort((a, b) => instant(date(a)) - instant(date(b)))[rank]
      if (first && match && code(first) === code(match))
        pairs.push({ what: type, source: first, released: match })
    }
    return pairs
  }

  /**
   * A finding in the safe concerns a patient: Claire asks, Dominique and Philippe approve, Delphine is told.
   *
   * @returns what Delphine is told, the status of her second attempt, and all that Claire sees of it
   */
  async reidentify(permit: string, safe: Safe): Promise<{ told: string; again: number; seen: string }> {
    const [patient] = safe.resources.get('Patient') ?? []
    const asked = {
      ...{ permit, pseudonyms: [String(patient?.['id'])], ground: 'benefit-to-the-person' },
      ...{ reason: 'A potassium that needs treatment.', evidence: 'Report 2026-118' },
      recipient: { kind: 'privacy-desk' },
    }
    const { id } = await this.act('claire', 'reidentifications', asked)
    const at = `reidentifications/${String(id)}`
    await this.act('dominique', `${at}/approve`, {})
    await this.act('philippe', `${at}/approve`, {})
    const { identities } = await this.act('delphine', `${at}/identity`, {})
    const [identity] = identities as {
      patient: { name: { family: string; given: string[] }[]; birthDate: string }
    }[]
    const [name] = identity?.patient.name ?? []
    const delphine = await personToken(this.server, 'delphine')
    const url = `${this.server.url}/governance/${at}`
    const again = await fetch(`${url}/identity`, json('POST', delphine, {}))
    const seen = await body<Plain>(await fetch(url, bearer(await personToken(this.server, 'claire'))), 200)
    const told = `${name?.given.join(' ') ?? ''} ${name?.family ?? ''}, born ${identity?.patient.birthDate ?? ''}`
    return { told, again: again.status, seen: String(seen['status']) }
  }

  /** What is asked beyond the permit, with the answer. */
  async refusals(permit: string): Promise<string[]> {
    const base = `/research/${permit}/fhir`
    const token = await backendToken(this.server, 'demo-pipeline', base, 'system/*.rs')
    const asked = [
      'Patient?name=Le',
      'Practitioner',
      'Patient/pat-000001',
      'Patient?_has:Condition:patient:code=I10',
    ]
    const lines: string[] = []
    for (const path of asked) {
      const answer = await fetch(`${this.server.url}${base}/${path}`, bearer(token))
      const found = (await answer.json()) as { issue?: { diagnostics?: string }[]; entry?: unknown[] }
      const said = found.issue?.[0]?.diagnostics ?? `${found.entry?.length ?? 0} matches`
      lines.push(`${String(answer.status)}  ${path.padEnd(42)} ${said}`)
    }
    return lines
  }

  private careToken(): Promise<string> {
    return backendToken(this.server, 'demo-ehr', '/fhir', 'system/*.cruds')
  }

  private async act(person: string, path: string, content: object): Promise<Plain> {
    const token = await personToken(this.server, person)
    const answer = await fetch(`${this.server.url}/governance/${path}`, json('POST', token, content))
    return body<Plain>(answer, answer.status === 200 ? 200 : 201)
  }

  private async finished(
    status: string,
    token: string,
  ): Promise<{ output: { type: string; url: string; count: number }[] }> {
    for (;;) {
      const answer = await fetch(status, bearer(token))
      if (answer.status !== 202) return body(answer, 200)
      await sleep(Math.min(Number(answer.headers.get('Retry-After') ?? 1), 2) * 1000)
    }
  }

  private async searchCare(token: string, path: string): Promise<Plain[]> {
    const found = await body<{ entry?: { resource: Plain }[] }>(
      await fetch(`${this.server.url}/fhir/${path}`, bearer(token)),
      200,
    )
    return (found.entry ?? []).map(({ resource }) => resource)
  }

  private async matchedPatient(
    token: string,
    safe: Safe,
  ): Promise<{ source: Plain; released: Plain } | undefined> {
    const candidates = await this.searchCare(token, 'Patient?_has:Condition:patient:code=I10&_count=50')
    const print = (counts: number[]) => counts.join('/')
    const released = (safe.resources.get('Patient') ?? []).map((patient) => ({
      patient,
      print: print(types.slice(1).map((type) => ofPatient(safe, type, String(patient['id'])).length)),
    }))
    for (const source of candidates) {
      const counts = await Promise.all(
        types.slice(1).map(async (type) => {
          const url = `${this.server.url}/fhir/${type}?patient=${String(source['id'])}&_summary=count`
          return (await body<{ total: number }>(await fetch(url, bearer(token)), 200)).total
        }),
      )
      const alike = released.filter((one) => one.print === print(counts))
      const [only] = alike
      if (only && alike.length === 1 && (counts[4] ?? 0) > 0) return { source, released: only.patient }
    }
    return undefined
  }
}

function ofPatient(safe: Safe, type: string, patient: string): Plain[] {
  return (safe.resources.get(type) ?? []).filter(
    ({ subject }) => (subject as { reference?: string } | undefined)?.reference === `Patient/${patient}`,
  )
}

function instant(date: string): number {
  return date === '' ? 0 : Date.parse(date)
}

function code(resource: Plain): string | undefined {
  const { coding } = resource['code'] as { coding?: { code?: string }[] }
  return coding?.[0]?.code
}
