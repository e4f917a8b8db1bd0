import type { Tx } from '../store/tx.ts'

/** Something outside the clinical tables and the vault that keeps data of patients: queues, safes, results. */
export interface KeptOfPatients {
  /** Takes out all of one patient. Done twice, it does nothing. */
  erase(tx: Tx, patient: string): Promise<void>
  /** how much work that was begun before is not done yet, and may still bring the patient back */
  pending?(tx: Tx, before: Date): Promise<number>
}

/** Who keeps data of patients says so here: folders above this one cannot be called by name. */
export class Keepers {
  private readonly keepers: KeptOfPatients[] = []

  add(keeper: KeptOfPatients): void {
    this.keepers.push(keeper)
  }

  async erase(tx: Tx, patient: string): Promise<void> {
    for (const keeper of this.keepers) await keeper.erase(tx, patient)
  }

  async pending(tx: Tx, before: Date): Promise<number> {
    let pending = 0
    for (const keeper of this.keepers) pending += (await keeper.pending?.(tx, before)) ?? 0
    return pending
  }
}
