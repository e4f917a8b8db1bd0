import { Injectable } from '@nestjs/common'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Vault } from '../identity/vault.ts'
import { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import { Gate } from './gate.ts'
import { keyOfNamed, type NamedPatient } from './named-patient.ts'
import { findOpposition, listOppositions, type Opposition } from './opposed.ts'
import type { Person } from './records.ts'
import type { Withdrawal } from './withdrawals.ts'

/** An opposition as the desk reads it: the patient by the id that clients know. */
export interface DescribedOpposition extends Opposition {
  readonly logicalId: string
}

/** Opposition at the desk: taken from whoever says it, shown, lifted. */
@Injectable()
export class Oppositions {
  private readonly store: Store
  private readonly gate: Gate
  private readonly vault: Vault

  constructor(store: Store, gate: Gate, vault: Vault, trail: Trail) {
    this.store = store
    this.gate = gate
    this.vault = vault
    gate.opposing.withdrawals.witnessedBy((withdrawal) => trail.record(withdrawalEvent(withdrawal)))
  }

  /**
   * Takes an opposition. When this resolves no new statement of any process finds the patient on the
   * research side.
   *
   * @returns the one that holds: the earlier one when the patient opposed already
   * @throws FhirError as `keyOfNamed`
   */
  async take(person: Person, named: NamedPatient, now: Date): Promise<DescribedOpposition> {
    return this.store.transaction('care', async (tx) => {
      const patient = await keyOfNamed(tx, this.gate, person, named)
      const asked = {
        patient,
        source: 'desk',
        consent: undefined,
        takenBy: person.userId,
        takenAt: now,
      } as const
      return this.described(tx, await this.gate.opposing.oppose(tx, asked))
    })
  }

  /** Takes an opposition back. @throws FhirError 404; 409 when it was taken back before */
  async lift(person: Person, id: string, now: Date): Promise<DescribedOpposition> {
    return this.store.transaction('care', async (tx) => {
      const found = await this.find(tx, id)
      if (!(await this.gate.opposing.lift(tx, id, person.userId, now))) {
        throw FhirError.conflict('this opposition was lifted before')
      }
      return this.described(tx, { ...found, liftedBy: person.userId, liftedAt: now })
    })
  }

  /** @throws FhirError 404 */
  one(id: string): Promise<DescribedOpposition> {
    return this.store.transaction('care', async (tx) => this.described(tx, await this.find(tx, id)))
  }

  /** Newest first, lifted ones too. @param page `before`: id of the last one of the page before */
  list(page: {
    readonly limit: number
    readonly before?: string | undefined
  }): Promise<DescribedOpposition[]> {
    return this.store.transaction('care', async (tx) => {
      const found = await listOppositions(tx, page)
      const described: DescribedOpposition[] = []
      for (const one of found) described.push(await this.described(tx, one))
      return described
    })
  }

  private async find(tx: Tx, id: string): Promise<Opposition> {
    const found = await findOpposition(tx, id)
    if (!found) throw FhirError.notFound('opposition')
    return found
  }

  private async described(tx: Tx, one: Opposition): Promise<DescribedOpposition> {
    const ids = await this.vault.patientIds(tx, [one.patient])
    return { ...one, logicalId: ids.get(one.patient) ?? one.patient }
  }
}

/** That a cohort was left, and what was taken back with it; not by whom: permit and patient are never named together. */
function withdrawalEvent({ opposition, permit, takenBack }: Withdrawal): AuditedAccess {
  const caller = { clientId: 'governance', userId: undefined, tokenId: '', ip: undefined }
  const what = {
    action: 'U',
    interaction: 'opposition-withdraw',
    outcome: 'success',
    type: 'Consent',
  } as const
  return {
    ...what,
    ...{ access: { caller }, base: '/governance', permit, patients: [], at: new Date() },
    entities: [{ type: 'Consent', id: opposition }],
    detail: { members: '1', takenBack: String(takenBack) },
  }
}
