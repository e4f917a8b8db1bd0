import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** A patient of a permit's frozen cohort. */
export interface Member {
  /** the patient's key */
  readonly patient: string
  readonly pseudonym: string
}

/** The next patients of a permit in its own order, which is neither that of birth nor of arrival. */
export async function membersFrom(tx: Tx, permit: string, from: string, limit: number): Promise<Member[]> {
  return tx.query<Member>(
    sql`SELECT patient, pseudonym FROM governance.permit_member
        WHERE permit = ${permit} AND pseudonym >= ${from} ORDER BY pseudonym LIMIT ${limit}`,
  )
}

/** The secrets of these members, wrapped under the permit's; who is no member is left out. */
export async function memberSecrets(
  tx: Tx,
  permit: string,
  patients: readonly string[],
): Promise<{ readonly patient: string; readonly secret: Buffer }[]> {
  return tx.query(
    sql`SELECT patient, secret FROM governance.permit_member
        WHERE permit = ${permit} AND patient = ANY(${patients}::uuid[])`,
  )
}
