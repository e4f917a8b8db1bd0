import { demand } from '../../access/access.ts'
import { isObject, type Json, type Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { parseReference } from '../../fhir/reference.ts'
import { escapeValue } from '../../fhir/search/search-escape.ts'
import type { Released } from '../../governance/gate.ts'
import type { Tx } from '../../store/tx.ts'
import { findOne, parseCriteria } from '../conditional.ts'
import type { Context } from '../context.ts'
import { findCurrent } from '../read.ts'
import { resourceOf } from '../released.ts'
import { single, type OperationParameter } from '../operations/parameters.ts'
import { hasIdentifiers } from './patients.ts'

/** One of the two Patients of a merge, as it is now. */
export interface Party {
  /** as the client knows it */
  readonly id: string
  readonly key: string
  readonly version: number
  readonly resource: Resource
}

export interface Pair {
  readonly source: Party
  readonly target: Party
}

/** The parameters that name the two. */
export const pairParameters = [
  'source-patient',
  'source-patient-identifier',
  'target-patient',
  'target-patient-identifier',
]

/**
 * Who may merge and undo it: a care client with the grant `merge` whose scopes let it update Patients.
 * Each resource that is written is held against the scopes beside.
 *
 * @throws FhirError 403
 */
export function demandMerger({ access }: Context, operation: string): void {
  demand(access, 'Patient', 'r')
  demand(access, 'Patient', 'u')
  if (access.kind !== 'care' || !access.grants.has('merge')) {
    throw FhirError.forbidden(`${operation}: needs the grant merge`)
  }
}

/** The person behind the client, or the client: who is answerable. */
export function mergerOf({ access: { caller } }: Context): string {
  return caller.userId ?? caller.clientId
}

/**
 * Finds the two Patients, by reference, by identifiers, or by both, which must then agree.
 *
 * @throws FhirError 400 when one is not named; 404 or 410 when it is not there; 412 when identifiers are of
 *   several; 422 when a Patient lacks one of its identifiers, or both are the same
 */
export async function findPair(
  tx: Tx,
  context: Context,
  parameters: readonly OperationParameter[],
): Promise<Pair> {
  const source = await findParty(tx, context, parameters, 'source-patient')
  const target = await findParty(tx, context, parameters, 'target-patient')
  if (source.key === target.key) throw FhirError.rule('source and target are the same Patient')
  return { source, target }
}

/** The two again, once their locks are held. @throws FhirError 404, 410 */
export async function rereadPair(tx: Tx, context: Context, { source, target }: Pair): Promise<Pair> {
  return {
    source: partyOf(await findCurrent(tx, context, 'Patient', source.id)),
    target: partyOf(await findCurrent(tx, context, 'Patient', target.id)),
  }
}

type Name = 'source-patient' | 'target-patient'

async function findParty(
  tx: Tx,
  context: Context,
  parameters: readonly OperationParameter[],
  name: Name,
): Promise<Party> {
  const reference = single(parameters, name)?.value
  const identifiers = identifiersOf(parameters, name)
  if (reference !== undefined) {
    const id = referredId(reference, context.base, name)
    const party = partyOf(await findCurrent(tx, context, 'Patient', id))
    const own = isObject(reference) && reference['identifier'] !== undefined ? [reference['identifier']] : []
    if (hasIdentifiers(party.resource, [...identifiers, ...own])) return party
    throw FhirError.rule(`${name}: has not all identifiers that were given for it`, name)
  }
  if (identifiers.length === 0) {
    throw new FhirError(400, [issue('required', `${name} or ${name}-identifier is needed`, name)])
  }
  const asked = identifiers.map((one): [string, string] => ['identifier', tokenOf(one, name)])
  const found = await findOne(tx, context, parseCriteria(context, 'Patient', asked))
  if (!found) throw FhirError.notFound('Patient')
  return partyOf(found)
}

function identifiersOf(parameters: readonly OperationParameter[], name: Name): Json[] {
  return parameters.filter((one) => one.name === `${name}-identifier`).map(({ value }) => value ?? null)
}

function tokenOf(identifier: Json, name: Name): string {
  const { system, value } = isObject(identifier) ? identifier : {}
  if (typeof value !== 'string') throw FhirError.invalid(`${name}-identifier: needs a value`, name)
  return typeof system === 'string' ? `${escapeValue(system)}|${escapeValue(value)}` : escapeValue(value)
}

function referredId(value: Json, base: string, name: Name): string {
  const text = isObject(value) ? value['reference'] : undefined
  const reference = typeof text === 'string' ? parseReference(text, base) : { kind: 'other' as const }
  const isLocal = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
  if (isLocal && reference.type === 'Patient' && reference.id !== undefined) return reference.id
  throw FhirError.invalid(`${name}: a reference to a Patient of this server expected`, name)
}

function partyOf(released: Released): Party {
  const { id, version, row } = released
  return { id, version, key: row.id, resource: resourceOf(released) }
}
