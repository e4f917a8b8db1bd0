import {
  demand,
  restrict,
  type Access,
  type CareAccess,
  type Permit,
  type ResearchAccess,
} from '../access/access.ts'
import { isObject, parseJson, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import { parseReference } from '../fhir/reference.ts'
import type { Gate } from '../governance/gate.ts'
import { membersFrom } from '../governance/members.ts'
import type { StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Kickoff } from './kickoff.ts'

/**
 * The one Group of a research base: the permit's frozen cohort. Its members are not listed; they are
 * the Patients of the base.
 */
export function cohortGroup(permit: Permit): Resource {
  return { resourceType: 'Group', id: permit.id, type: 'person', actual: true, name: 'Cohort of the permit' }
}

/**
 * Whose records an export is made of.
 *
 * @returns keys; in the order of their pseudonyms on a research base. undefined: not limited to patients
 *   that can be listed, all rows of the level
 * @throws FhirError 404 for a Group that is not known or hidden; 400 for a patient that is unknown, or not
 *   in the Group; 403 when the caller may not read it; 422 for a Group that lists no members
 */
export async function patientsOf(
  tx: Tx,
  gate: Gate,
  access: Access,
  kickoff: Kickoff,
): Promise<readonly string[] | undefined> {
  const { group, patients } = kickoff
  if (access.kind === 'research') return cohortPatients(tx, gate, access, kickoff)
  const members = group === undefined ? undefined : await groupMembers(tx, gate, access, group)
  if (patients.length === 0) return members
  const keys = await locateAll(tx, gate, access, patients)
  if (members && !keys.every((key) => members.includes(key))) throw unknownPatient()
  return keys
}

async function cohortPatients(
  tx: Tx,
  gate: Gate,
  access: ResearchAccess,
  kickoff: Kickoff,
): Promise<readonly string[]> {
  const { permit } = access
  if (kickoff.group !== undefined && kickoff.group !== cohortGroup(permit)['id'])
    throw FhirError.notFound('Group')
  if (kickoff.patients.length > 0) return locateAll(tx, gate, access, [...kickoff.patients].sort())
  const keys: string[] = []
  for (let from = ''; ;) {
    const members = await membersFrom(tx, permit.id, from, membersAtOnce)
    keys.push(...members.map(({ patient }) => patient))
    const last = members.at(-1)
    if (!last || members.length < membersAtOnce) return keys
    // pseudonyms have one length: the least text after this one
    from = `${last.pseudonym}0`
  }
}

const membersAtOnce = 10_000

async function locateAll(tx: Tx, gate: Gate, access: Access, ids: readonly string[]): Promise<string[]> {
  const keys: string[] = []
  for (const id of ids) {
    const key = await gate.locate(tx, access, 'Patient', id)
    if (key === undefined) throw unknownPatient()
    if (access.kind === 'care' && !(await isPatient(tx, gate, access, key))) throw unknownPatient()
    keys.push(key)
  }
  return keys
}

/** A key exists for patients that are only referred to, too. */
async function isPatient(tx: Tx, gate: Gate, access: Access, key: string): Promise<boolean> {
  const query = await gate.prepare(tx, restrict(access, plainQuery('Patient', []), 'r'))
  return (await firstRow(exportRows(tx, query, { ids: [key] }))) !== undefined
}

async function firstRow(batches: AsyncIterable<StoredRow[]>): Promise<StoredRow | undefined> {
  for await (const [row] of batches) return row
  return undefined
}

function unknownPatient(): FhirError {
  return FhirError.invalid('patient: not known, or not in the Group', 'patient')
}

/** The Patients among the active members of a Group, by key: at rest, references name patients so. */
async function groupMembers(tx: Tx, gate: Gate, access: CareAccess, id: string): Promise<string[]> {
  demand(access, 'Group', 'r')
  const key = await gate.locate(tx, access, 'Group', id)
  const query = await gate.prepare(tx, restrict(access, plainQuery('Group', []), 'r'))
  const row = key === undefined ? undefined : await firstRow(exportRows(tx, query, { ids: [key] }))
  if (!row) throw FhirError.notFound('Group')
  const group = parseJson(row.body)
  if (!isObject(group) || group['actual'] !== true) {
    throw FhirError.rule('Group: only one with members of its own can be exported', 'Group.actual')
  }
  const members = Array.isArray(group['member']) ? group['member'] : []
  const keys = members.flatMap((member) => {
    const entity = isObject(member) && member['inactive'] !== true ? member['entity'] : undefined
    const text = isObject(entity) ? entity['reference'] : undefined
    const reference = parseReference(typeof text === 'string' ? text : '')
    return reference.kind === 'relative' && reference.type === 'Patient' ? [reference.id] : []
  })
  return [...new Set(keys)]
}
