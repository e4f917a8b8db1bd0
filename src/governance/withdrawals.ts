import type { Tx } from '../store/tx.ts'

/** What is made of a cohort and kept: exports, answers that wait to be fetched. */
export interface KeptRelease {
  /**
   * Takes back all that was made, or is being made, under these permits; in the transaction of the
   * opposition, which holds the lock of cohorts.
   *
   * @returns how many things were taken back, by permit
   */
  withdraw(tx: Tx, permits: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** A patient leaves the cohorts of permits. */
export interface Withdrawal {
  readonly opposition: string
  readonly permit: string
  /** exports and answers that were taken back with it */
  readonly takenBack: number
}

/**
 * Who keeps releases says so here, and is told when a patient leaves: folders above this one cannot be
 * called by name.
 */
export class Withdrawals {
  private readonly kept: KeptRelease[] = []
  private readonly witnesses: ((withdrawal: Withdrawal) => Promise<void>)[] = []

  /** Asks to be told of each withdrawal, before it is made. */
  keeps(release: KeptRelease): void {
    this.kept.push(release)
  }

  /** Puts withdrawals on record. */
  witnessedBy(witness: (withdrawal: Withdrawal) => Promise<void>): void {
    this.witnesses.push(witness)
  }

  /** A patient left the cohorts of these permits: nothing that was made of them with the patient stays. */
  async carryOut(tx: Tx, opposition: string, permits: readonly string[]): Promise<void> {
    if (permits.length === 0) return
    const takenBack = new Map(permits.map((permit) => [permit, 0]))
    for (const release of this.kept) {
      for (const [permit, count] of await release.withdraw(tx, permits)) {
        takenBack.set(permit, (takenBack.get(permit) ?? 0) + count)
      }
    }
    for (const [permit, count] of takenBack) {
      for (const witness of this.witnesses) await witness({ opposition, permit, takenBack: count })
    }
  }
}
