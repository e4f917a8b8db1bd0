import { restrict } from '../access/access.ts'
import { FhirError } from '../fhir/outcome.ts'
import { plainQuery, searchParameter } from '../fhir/search/parse-criterion.ts'
import { lastVersion } from '../store/resources.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import { serverAccess } from './cohort.ts'
import type { Gate } from './gate.ts'
import type { Person } from './records.ts'

/** How a person of governance names a patient: by logical id, or by a business identifier. */
export interface NamedPatient {
  readonly patient?: string
  readonly identifier?: { readonly system?: string; readonly value: string }
}

/**
 * The key of the patient that is meant. One who was deleted from the care base is found by logical id:
 * what is left of them is theirs.
 *
 * @throws FhirError 400 unless named in exactly one way; 404 for nobody; 412 for several
 */
export async function keyOfNamed(tx: Tx, gate: Gate, person: Person, named: NamedPatient): Promise<string> {
  const { patient, identifier } = named
  if ((patient === undefined) === (identifier === undefined)) {
    throw FhirError.invalid('a patient is named by logical id or by identifier', 'patient')
  }
  const access = serverAccess(person)
  if (patient !== undefined) {
    const key = await gate.locate(tx, access, 'Patient', patient)
    if (key === undefined || !(await lastVersion(tx, 'Patient', key))) throw FhirError.notFound('Patient')
    return key
  }
  const { system, value = '' } = identifier ?? {}
  const query = plainQuery('Patient', [
    {
      ...{ kind: 'value', parameter: searchParameter('Patient', 'identifier'), modifier: undefined },
      values: [{ kind: 'token', system, code: value }],
    },
  ])
  const keys: string[] = []
  for await (const rows of exportRows(tx, await gate.prepare(tx, restrict(access, query)))) {
    keys.push(...rows.map(({ id }) => id))
  }
  const [key, ...others] = keys
  if (key === undefined) throw FhirError.notFound('Patient')
  if (others.length > 0)
    throw FhirError.precondition('multiple-matches', 'several patients have this identifier')
  return key
}
