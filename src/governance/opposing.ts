import { randomUUID } from 'node:crypto'
import type { Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Keyring } from '../identity/keyring.ts'
import { Suppression } from '../identity/vault-suppression.ts'
import { lockCohorts } from '../store/lock.ts'
import { nilPatient } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import {
  findOpposition,
  insertOpposition,
  markLifted,
  opposedAmong,
  permitsOf,
  type NewOpposition,
  type Opposition,
} from './opposed.ts'
import { knownBy, saidByConsent, saidByPatient } from './said-opposition.ts'
import { Withdrawals } from './withdrawals.ts'

/** A version that was just laid down, and whose compartment it is in. */
export interface Entered {
  readonly resource: Resource
  /** the key of its patient */
  readonly patient: string
  readonly updatedAt: Date
}

/** The current Patient of a key as care reads it; undefined: there is none. */
export type CurrentPatient = (tx: Tx, key: string) => Promise<Resource | undefined>

/** Who takes an opposition that a resource says. */
const entry = 'entry'

/**
 * Opposition as it takes effect: in one transaction the patient is out of every cohort, what was made of
 * these is taken back, and what the patient is known by is on the suppression list. Who reads after the
 * commit, in whatever process, finds the patient nowhere (docs/decisions/0022).
 */
export class Opposing {
  readonly withdrawals = new Withdrawals()
  readonly suppression: Suppression
  private readonly currentPatient: CurrentPatient

  constructor(keyring: Keyring, currentPatient: CurrentPatient) {
    this.suppression = new Suppression(keyring)
    this.currentPatient = currentPatient
  }

  /**
   * Takes an opposition.
   *
   * @param written the Patient that says it, by which they are known again; undefined: the current one is
   * @returns the one that holds from now on: another one when the patient opposed already
   */
  async oppose(tx: Tx, asked: Omit<NewOpposition, 'id'>, written?: Resource): Promise<Opposition> {
    await lockCohorts(tx, 'exclusive')
    const permits = await permitsOf(tx, asked.patient)
    const opposition = { ...asked, id: randomUUID(), liftedBy: undefined, liftedAt: undefined }
    const isNew = await insertOpposition(tx, opposition)
    const holding = isNew ? opposition : (await opposedAmong(tx, [asked.patient])).get(asked.patient)
    if (!holding) throw new TypeError('an opposition that stands in the way of another is there')
    const patient = written ?? (await this.currentPatient(tx, asked.patient))
    if (patient) await this.suppression.note(tx, holding.id, this.suppression.hashes(knownBy(patient)))
    await this.withdrawals.carryOut(tx, holding.id, permits)
    return holding
  }

  /** Takes it back: new cohorts see the patient again, those that were left do not. @returns false when it was */
  async lift(tx: Tx, id: string, by: string, at: Date): Promise<boolean> {
    const opposition = await findOpposition(tx, id)
    if (!opposition || !(await markLifted(tx, id, by, at))) return false
    await this.suppression.forget(tx, id)
    return true
  }

  /**
   * Looks at what was written, in the transaction that writes it: a Consent and a tag say opposition, and
   * who is on the suppression list opposes from their first row on. Costs nothing where there is no
   * Patient and no Consent.
   */
  async atEntry(tx: Tx, entered: readonly Entered[]): Promise<void> {
    for (const one of entered) if (one.resource.resourceType === 'Consent') await this.consent(tx, one)
    const patients = entered.filter(({ resource }) => resource.resourceType === 'Patient')
    if (patients.length === 0) return
    const hashed = patients.map((one) => ({ ...one, hashes: this.suppression.hashes(knownBy(one.resource)) }))
    const known = await this.suppression.known(
      tx,
      hashed.flatMap(({ hashes }) => hashes),
    )
    const opposed = await opposedAmong(
      tx,
      patients.map(({ patient }) => patient),
    )
    for (const { resource, patient, updatedAt, hashes } of hashed) {
      const already = opposed.get(patient)
      const isKnown = hashes.some((hash) => known.has(hash.toString('hex')))
      const source = saidByPatient(resource) === 'opposes' ? 'patient' : isKnown ? 'suppression' : undefined
      if (already) await this.suppression.note(tx, already.id, hashes)
      else if (source) {
        const asked = { patient, source, consent: undefined, takenBy: entry, takenAt: updatedAt } as const
        await this.oppose(tx, asked, resource)
      }
    }
  }

  private async consent(tx: Tx, { resource, patient, updatedAt }: Entered): Promise<void> {
    const said = saidByConsent(resource)
    if (said === undefined) return
    const consent = String(resource['id'])
    if (said === 'opposes') {
      if (patient === nilPatient)
        throw FhirError.rule('denies research for no patient of ours', 'Consent.patient')
      await this.oppose(tx, { patient, source: 'consent', consent, takenBy: entry, takenAt: updatedAt })
      return
    }
    const holding = (await opposedAmong(tx, [patient])).get(patient)
    if (holding?.consent === consent) await this.lift(tx, holding.id, entry, updatedAt)
  }
}
