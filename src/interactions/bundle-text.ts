import { newLogicalId } from './logical-id.ts'
import type { PageLink } from './page-links.ts'

/**
 * Bundles are put together from the texts of their resources: nothing is parsed to be written again,
 * so that the digits stay and a page of 1,000 costs no more than copying it.
 */
export interface BundleText {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response'
  readonly now: Date
  readonly total?: number | undefined
  readonly links?: readonly PageLink[]
  readonly entries: readonly EntryText[]
}

export interface EntryText {
  readonly fullUrl?: string | undefined
  /** JSON text of the resource */
  readonly resource?: string | undefined
  readonly search?: 'match' | 'include' | 'outcome'
  /** of `$match`: a score from 0 to 1, and a code of match-grade */
  readonly graded?: { readonly score: number; readonly grade: string }
  readonly request?: { readonly method: string; readonly url: string }
  readonly response?: ResponseText
}

export interface ResponseText {
  readonly status: string
  readonly location?: string
  readonly etag?: string
  readonly lastModified?: string
  /** JSON text of an OperationOutcome */
  readonly outcome?: string
}

/** @returns the Bundle as JSON text, without white space */
export function bundleText(bundle: BundleText): string {
  const members = [
    '"resourceType":"Bundle"',
    `"id":"${newLogicalId(bundle.now)}"`,
    `"meta":{"lastUpdated":"${bundle.now.toISOString()}"}`,
    `"type":"${bundle.type}"`,
  ]
  if (bundle.total !== undefined) members.push(`"total":${bundle.total}`)
  if (bundle.links !== undefined && bundle.links.length > 0) {
    members.push(`"link":${JSON.stringify(bundle.links)}`)
  }
  // FHIR has no empty arrays
  if (bundle.entries.length > 0) members.push(`"entry":[${bundle.entries.map(entryText).join(',')}]`)
  return `{${members.join(',')}}`
}

function entryText(entry: EntryText): string {
  const members: string[] = []
  if (entry.fullUrl !== undefined) members.push(`"fullUrl":${JSON.stringify(entry.fullUrl)}`)
  if (entry.resource !== undefined) members.push(`"resource":${entry.resource}`)
  if (entry.search !== undefined) members.push(`"search":${searchText(entry.search, entry.graded)}`)
  if (entry.request !== undefined) members.push(`"request":${JSON.stringify(entry.request)}`)
  if (entry.response !== undefined) members.push(`"response":${responseText(entry.response)}`)
  return `{${members.join(',')}}`
}

function searchText(mode: string, graded: EntryText['graded']): string {
  if (graded === undefined) return `{"mode":"${mode}"}`
  const extension = [{ url: matchGrade, valueCode: graded.grade }]
  return JSON.stringify({ extension, mode, score: graded.score })
}

const matchGrade = 'http://hl7.org/fhir/StructureDefinition/match-grade'

function responseText({ outcome, ...plain }: ResponseText): string {
  const text = JSON.stringify(plain)
  return outcome === undefined ? text : `${text.slice(0, -1)},"outcome":${outcome}}`
}
