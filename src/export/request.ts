import type { Access } from '../access/access.ts'
import { parseScopes, printScopes, scopesFor, type Scope } from '../access/scope.ts'
import { resourceTypes } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { isOfPatients, type Kickoff } from './kickoff.ts'

/** All that a job is worked on from, as it lies sealed in `export.job.request`. */
export interface ExportRequest extends Kickoff {
  /** of the kick-off, for the manifest; a POST's without parameters */
  readonly url: string
  /** the types to export; never empty */
  readonly types: readonly string[]
  /** as they were at kick-off */
  readonly scopes: string
  /** key of the patient in launch context */
  readonly patient: string | undefined
}

/**
 * Puts the caller's rights on a kick-off, once and for all: what they gain later widens no job.
 *
 * @throws FhirError 403 when a type that was named is beyond scopes or permit, or nothing is left
 */
export function authorise(access: Access, kickoff: Kickoff, url: string): ExportRequest {
  const mayHave = exportableTypes(access, kickoff)
  const beyond = kickoff.types?.find((type) => !mayHave.includes(type))
  if (beyond !== undefined)
    throw FhirError.forbidden(`${beyond}: no scope for an export, or not part of the permit`)
  const filtered = kickoff.typeFilters.find((text) => !mayHave.includes(text.slice(0, text.indexOf('?'))))
  if (filtered !== undefined) throw FhirError.forbidden('_typeFilter: a type beyond scopes or permit')
  const types = kickoff.types ?? mayHave
  if (types.length === 0) throw FhirError.forbidden('no scope for an export')
  return {
    ...kickoff,
    url,
    types: [...types].sort(),
    scopes: printScopes(access.scopes),
    patient: patientOf(access),
  }
}

/** An identified Binary leaves as a DocumentReference's attachment; alone only when it is asked for. */
function exportableTypes(access: Access, { level, types }: Kickoff): string[] {
  const base =
    access.kind === 'research'
      ? access.permit.data.map(({ type }) => type)
      : resourceTypes.filter((type) => type !== 'Binary' || types?.includes(type))
  return base.filter((type) => (level === 'system' || isOfPatients(type)) && mayExport(access, type))
}

/** An export reads and searches: it takes both letters. */
function mayExport(access: Access, type: string): boolean {
  return scopesFor(access, type, 'r').length > 0 && scopesFor(access, type, 's').length > 0
}

/**
 * Whether a token opens what was made under the scopes of a kick-off: it must hold, for the type, an
 * unfiltered scope or the very scopes of then, for the same patient. A token renewed with the same scopes does.
 *
 * @throws FhirError 403
 */
export function demandCover(access: Access, request: ExportRequest, type: string, zone: string): void {
  const then = parseScopes(request.scopes, zone)
  for (const letter of ['r', 's'] as const) {
    const now = scopesFor(access, type, letter)
    const texts = new Set(now.map((scope) => limits(scope, patientOf(access))))
    const covers =
      now.some(isWide) ||
      (now.length > 0 &&
        scopesFor({ ...access, scopes: then }, type, letter).every((scope) =>
          texts.has(limits(scope, request.patient)),
        ))
    if (!covers) throw FhirError.forbidden(`${type}: the token's scopes do not reach this export`)
  }
}

function isWide({ context, filters }: Scope): boolean {
  return context !== 'patient' && filters.length === 0
}

/** What a scope is limited to, whatever its letters and however wide its type. */
function limits({ context, parameters }: Scope, patient: string | undefined): string {
  return `${context} ${context === 'patient' ? (patient ?? '') : ''} ${parameters ?? ''}`
}

function patientOf(access: Access): string | undefined {
  return access.kind === 'care' ? access.patient : undefined
}
