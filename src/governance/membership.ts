import { streamEvents, type ReportedEvent } from '../audit/rows.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import type { Proposal } from './proposal.ts'
import { proposalOf } from './records.ts'

/** That a patient is, or was, in the cohort of a permit; never under which pseudonym. */
export interface Membership {
  readonly permit: string
  /** of the request */
  readonly code: string
  readonly proposal: Proposal
  readonly since: Date
  /** undefined while it lasts */
  readonly until: Date | undefined
}

/** The permits whose cohorts hold a patient or held them. */
export async function membershipsOf(tx: Tx, patient: string): Promise<Membership[]> {
  const rows = await tx.query<{
    permit: string
    code: string
    proposal: string
    valid_from: Date
    left_at: Date | null
  }>(sql`
    SELECT m.permit, r.code, s.proposal, p.valid_from, m.left_at
    FROM (
      SELECT permit, NULL::timestamptz AS left_at FROM governance.permit_member WHERE patient = ${patient}
      UNION ALL
      SELECT permit, left_at FROM governance.former_member WHERE patient = ${patient}
    ) m
    JOIN governance.permit p ON p.id = m.permit
    JOIN governance.request r ON r.id = p.request
    JOIN governance.submission s ON s.request = p.request AND s.round = p.round
    ORDER BY p.valid_from DESC, m.permit`)
  return rows.map((row) => ({
    ...{ permit: row.permit, code: row.code, proposal: proposalOf(row) },
    ...{ since: row.valid_from, until: row.left_at ?? undefined },
  }))
}

/** What research did with a patient's data under the pseudonyms they have now, newest first, without these. */
export function selectResearchAccesses(
  tx: Tx,
  patient: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): AsyncIterable<ReportedEvent> {
  return streamEvents(
    tx,
    sql`SELECT chain, sequence, recorded_at, body
        FROM governance.accesses_under_pseudonym(${patient}, ${from}, ${to})`,
  )
}
