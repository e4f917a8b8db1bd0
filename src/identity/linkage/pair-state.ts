import type { Grade } from './compare.ts'

/**
 * Where a pair stands: `open`, a steward has to look; `linked`, the two Patients refer to each other;
 * `rejected`, they are two persons; `merged`, one replaces the other.
 */
export const pairStates = ['open', 'linked', 'rejected', 'merged'] as const
export type PairState = (typeof pairStates)[number]

/** A pair is kept from `probable` on: what is only possible is more than anybody would look through. */
export type KeptGrade = Extract<Grade, 'certain' | 'probable'>

/** What a comparison says of a pair. */
export interface Found {
  readonly grade: KeptGrade
  readonly score: number
  /** certain because both have the same INS: the server links these itself */
  readonly byIns: boolean
  readonly evidence: Buffer
}

/** What is kept of it beside. */
export interface Kept extends Found {
  readonly state: PairState
  /** a person; undefined: the server */
  readonly decidedBy: string | undefined
}

/**
 * What becomes of a pair when the two were compared again.
 *
 * What a person decided stays, but for a rejection of what the two are known by no longer; what the server
 * decided goes with its grounds.
 *
 * @param found undefined: they are not alike, or no longer
 * @returns the state it is in from now on; `undefined`: it is kept no more
 */
export function nextState(kept: Kept | undefined, found: Found | undefined): PairState | undefined {
  const anew = found && (found.byIns ? 'linked' : 'open')
  if (!kept) return anew
  switch (kept.state) {
    case 'merged':
      return 'merged'
    case 'rejected':
      return found && !found.evidence.equals(kept.evidence) ? anew : 'rejected'
    case 'linked':
      return kept.decidedBy === undefined ? anew : 'linked'
    case 'open':
      return anew
  }
}
