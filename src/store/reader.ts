import type { Access } from '../access/access.ts'

/** The research role on behalf of one permit: of members of cohorts it sees this permit's. */
export interface PermitReader {
  /** the permit's id */
  readonly permit: string
}

/** As whom the database is asked for what an access may read. */
export function readerOf(access: Access): 'care' | PermitReader {
  return access.kind === 'research' ? { permit: access.permit.id } : 'care'
}
