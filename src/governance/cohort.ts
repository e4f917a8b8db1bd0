import type { EntityManager } from 'typeorm'
import { restrict, type AllowedQuery, type CareAccess } from '../access/access.ts'
import type { Query } from '../fhir/search/query.ts'
import { withoutOpposed } from '../store/prepared-query.ts'
import { count, exportRows } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import type { Gate } from './gate.ts'
import { addMembers, type Person } from './records.ts'
import type { Pseudonyms } from './pseudonyms.ts'

/** Where cohorts are looked for: the true records, through the gate. */
export interface Records {
  readonly store: Store
  readonly gate: Gate
}

/**
 * Lays down who is in a permit's cohort, once and for all: the patients that match now, each with the
 * pseudonym and the offset of this permit. Read as one snapshot, written by the transaction that grants.
 *
 * @returns the number of patients
 */
export async function freezeCohort(
  manager: EntityManager,
  { store, gate }: Records,
  person: Person,
  permit: { readonly id: string; readonly cohort: Query; readonly pseudonyms: Pseudonyms },
): Promise<number> {
  return store.snapshot('care', async (tx) => {
    const query = withoutOpposed(await gate.prepare(tx, onBehalfOf(person, permit.cohort)))
    let patients = 0
    for await (const rows of exportRows(tx, query)) {
      // in a transaction of its own: it makes the secret of a patient of whom nothing was sealed yet
      const secrets = await store.transaction('care', (own) =>
        gate.warehouseSecrets(
          own,
          rows.map(({ id }) => id),
        ),
      )
      await addMembers(
        manager,
        permit.id,
        [...secrets].map(([patient, secret]) => permit.pseudonyms.newMember(patient, secret)),
      )
      patients += rows.length
    }
    return patients
  })
}

/** How many patients match a cohort now. Not to be shown as it is: see `cell`. */
export async function countCohort({ store, gate }: Records, person: Person, cohort: Query): Promise<number> {
  return store.snapshot('care', async (tx) =>
    count(tx, withoutOpposed(await gate.prepare(tx, onBehalfOf(person, cohort)))),
  )
}

/** A count of patients as it may be shown: small cells are not. Without noise yet: questions can be compared. */
export function cell(patients: number, smallestCell: number): string {
  return patients < smallestCell ? `<${smallestCell}` : String(patients)
}

/** A cohort is looked for by the server itself: all types may be asked, nothing is shown. */
function onBehalfOf(person: Person, cohort: Query): AllowedQuery {
  return restrict(serverAccess(person), cohort)
}

/** What the server itself may look at of the true records, for a person of governance. */
export function serverAccess(person: Person): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: 'governance', userId: person.userId, tokenId: '', ip: undefined },
    scopes: [{ context: 'system', type: '*', permissions: new Set(['s']), filters: [] }],
    patient: undefined,
    grants: new Set(),
  }
}
