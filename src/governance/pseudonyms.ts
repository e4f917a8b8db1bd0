import {
  memberSecret,
  ownShiftDays,
  patientKeys,
  permitKeys,
  resourcePseudonym,
  type PatientKeys,
  type PermitKeys,
} from '../deid/pseudonym.ts'
import { open, seal } from '../identity/aes.ts'
import { nilPatient } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import { memberSecrets } from './members.ts'

/** What a patient becomes as a member of a cohort: the row that is laid down. */
export interface NewMember {
  readonly permit: string
  readonly patient: string
  readonly pseudonym: string
  readonly shiftDays: number
  /** the member's secret under the permit's */
  readonly secret: Buffer
}

/**
 * The pseudonyms of one permit. Of each member it takes the secret that was laid down when the permit was
 * granted: from the permit's secret alone nothing can be made, and nothing again of a member who left.
 */
export class Pseudonyms {
  readonly permit: PermitKeys
  private readonly permitId: string
  private readonly known = new Map<string, PatientKeys>()

  /** @param secret the permit's, unwrapped */
  constructor(permitId: string, secret: Buffer) {
    this.permitId = permitId
    this.permit = permitKeys(secret)
  }

  /** @param warehouseSecret see `Vault.warehouseSecrets` */
  newMember(patient: string, warehouseSecret: Buffer): NewMember {
    const secret = memberSecret(this.permit, warehouseSecret)
    const { pseudonym, shiftDays } = patientKeys(secret)
    const wrapped = seal(this.permit.wrapping, secret, this.context(patient))
    return { permit: this.permitId, patient, pseudonym, shiftDays, secret: wrapped }
  }

  /** What is known of these patients; who is no member is left out. */
  async members(tx: Tx, patients: Iterable<string>): Promise<ReleasedMembers> {
    const members = new Map<string, PatientKeys>()
    const asked: string[] = []
    for (const patient of new Set(patients)) {
      const known = this.known.get(patient)
      if (known) members.set(patient, known)
      else if (patient !== nilPatient) asked.push(patient)
    }
    const found = asked.length === 0 ? [] : await memberSecrets(tx, this.permitId, asked)
    if (this.known.size + found.length > mostKnown) this.known.clear()
    for (const { patient, secret } of found) {
      const keys = patientKeys(open(this.permit.wrapping, secret, this.context(patient)))
      members.set(patient, keys)
      this.known.set(patient, keys)
    }
    return new ReleasedMembers(this.permit, members)
  }

  private context(patient: string): string {
    return `member/${this.permitId}/${patient}`
  }
}

/** Of one permit in this process. No row of who has left is found, so what is still kept of them names nothing. */
const mostKnown = 10_000

/** The members whom the rows of one release belong to. */
export class ReleasedMembers {
  readonly permit: PermitKeys
  private readonly members: ReadonlyMap<string, PatientKeys>

  constructor(permit: PermitKeys, members: ReadonlyMap<string, PatientKeys>) {
    this.permit = permit
    this.members = members
  }

  /**
   * The id a resource goes out under.
   *
   * @param patient the key of its compartment's patient
   * @returns undefined when that is no member
   */
  pseudonym(type: string, id: string, patient: string): string | undefined {
    if (type === 'Patient') return this.members.get(id)?.pseudonym
    if (patient === nilPatient) return resourcePseudonym(this.permit, undefined, type, id)
    const owner = this.members.get(patient)
    return owner && resourcePseudonym(this.permit, owner, type, id)
  }

  /** Whether a resource of this patient's compartment has a name here. */
  areOf(type: string, id: string, patient: string): boolean {
    const owner = type === 'Patient' ? id : patient
    return owner === nilPatient || this.members.has(owner)
  }

  /** Days by which dates move; undefined when the patient is no member. */
  shiftDays(patient: string): number | undefined {
    return patient === nilPatient ? ownShiftDays(this.permit) : this.members.get(patient)?.shiftDays
  }
}
