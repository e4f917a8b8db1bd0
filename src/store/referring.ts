import { hasToken } from './row-condition.ts'
import { sql } from './sql.ts'
import { token, tokenText } from './token.ts'
import type { Tx } from './tx.ts'

/** A resource's place in the order of type and internal id. */
export interface Place {
  readonly type: string
  readonly id: string
}

/** Before all others. */
export const firstPlace: Place = { type: '', id: '' }

/**
 * Places of the current resources that refer to a patient by any element: those of the compartment, and
 * those that mention the patient elsewhere. The Patient itself may be among them.
 *
 * @param after the last one of the page before
 */
export async function placesReferring(
  tx: Tx,
  patient: string,
  page: { readonly after: Place; readonly limit: number },
): Promise<Place[]> {
  const { after, limit } = page
  const tokens = [token(tokenText.compartment(patient)), token(tokenText.mention(patient))]
  return tx.query<Place & object>(
    sql`SELECT r.type, r.id FROM clinical.resource r
         WHERE (r.patient = ${patient} OR ${hasToken(tokens)}) AND (r.type, r.id) > (${after.type}, ${after.id})
         ORDER BY r.type, r.id LIMIT ${limit}`,
  )
}
