import type { CareAccess } from '../access/access.ts'
import { isObject, parseJson, type Json, type Resource } from '../fhir/json.ts'
import { currents } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'
import type { Gate } from './gate.ts'
import type { AlertKind, ReidentificationEntity } from './reidentification-entities.ts'
import { carryOut, raiseAlert, type Link } from './reidentification-records.ts'
import type { CaseRole, Ground } from './reidentification-state.ts'

/** Whose a pseudonym is. */
export interface Identity {
  readonly pseudonym: string
  /** withdrawn: nobody's of the cohort, or nobody's any more; no-record: there is no current Patient */
  readonly status: 'found' | 'withdrawn' | 'no-record'
  readonly patient?: Readonly<Record<string, Json>>
}

export interface Told {
  readonly identities: readonly Identity[]
  /** keys of those that were found: for the trail */
  readonly patients: readonly string[]
}

/**
 * Carries a case out, reads whom it is about, and raises the alerts that their records ask for; all of it
 * in one transaction, so that a case whose answer cannot be read is as it was.
 *
 * @throws a database error of class 23 when the case is not approved, or someone else was told first
 */
export async function tell(
  tx: Tx,
  gate: Gate,
  row: ReidentificationEntity,
  recipient: string,
  role: CaseRole,
): Promise<Told> {
  const links = await carryOut(tx, row.id, recipient, role)
  const keys = links.flatMap(({ patient }) => (patient === null ? [] : [{ type: 'Patient', id: patient }]))
  const released = await gate.release(tx, deskAccess(recipient), await currents(tx, keys))
  const patients = new Map(released.map((one) => [one.row.id, parseJson(one.text) as Resource]))
  const kinds = new Set([...patients.values()].flatMap((patient) => [...alertsFor(patient)]))
  for (const kind of kinds) await raiseAlert(tx, kind, row)
  return {
    identities: links.map((link) => identityOf(row.ground, link, patients)),
    patients: [...patients.keys()],
  }
}

/** What the desk may read, for the person who is told. */
function deskAccess(userId: string): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: 'governance', userId, tokenId: '', ip: undefined },
    scopes: [{ context: 'system', type: 'Patient', permissions: new Set(['r']), filters: [] }],
    patient: undefined,
    grants: new Set(),
  }
}

function identityOf(
  ground: Ground,
  { pseudonym, patient }: Link,
  patients: ReadonlyMap<string, Resource>,
): Identity {
  if (patient === null) return { pseudonym, status: 'withdrawn' }
  const found = patients.get(patient)
  return found
    ? { pseudonym, status: 'found', patient: identityFor(ground, found) }
    : { pseudonym, status: 'no-record' }
}

/**
 * What a ground needs of a Patient, by FHIR's element names. To see to somebody's rights they must be
 * told from others; to speak to them they must be reached.
 */
const shownFor: Readonly<Record<Ground, readonly string[]>> = {
  'rights-of-the-person': ['identifier', 'name', 'birthDate'],
  'legal-order': ['identifier', 'name', 'birthDate'],
  'benefit-to-the-person': ['identifier', 'name', 'birthDate', 'telecom'],
  recontact: ['identifier', 'name', 'birthDate', 'telecom', 'address'],
}

/** The patient as care knows them, as far as the ground goes: `id` and the elements above. */
function identityFor(ground: Ground, patient: Resource): Readonly<Record<string, Json>> {
  const shown = ['id', ...shownFor[ground]]
  return Object.fromEntries(Object.entries(patient).filter(([element]) => shown.includes(element)))
}

const actCodes = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'

/** Labels of a Patient that the privacy desk is to be told of: staff, known faces, restricted records. */
const labels: readonly {
  readonly system: string
  readonly codes: readonly string[]
  readonly kind: AlertKind
}[] = [
  { system: actCodes, codes: ['EMP'], kind: 'staff-as-patient' },
  { system: actCodes, codes: ['CEL', 'VIP'], kind: 'restricted-patient' },
  { system: confidentiality, codes: ['R', 'V'], kind: 'restricted-patient' },
]

/**
 * The alerts that a patient's own record asks for.
 *
 * @see FHIR R4 § Security Labels; v3-ActCode, information sensitivity
 */
function alertsFor({ meta }: Resource): ReadonlySet<AlertKind> {
  const security = isObject(meta) && Array.isArray(meta['security']) ? meta['security'] : []
  const kinds = labels.filter(({ system, codes }) =>
    security.some(
      (label) => isObject(label) && label['system'] === system && codes.includes(String(label['code'])),
    ),
  )
  return new Set(kinds.map(({ kind }) => kind))
}
