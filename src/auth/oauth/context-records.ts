import { Injectable } from '@nestjs/common'
import type { CareAccess } from '../../access/access.ts'

/** What App Launch must know of clinical records. Whoever reads them, above auth, has it. */
export interface ContextRecordSource {
  /** internal key of a resource that this access may read; undefined: not there, or not for them */
  keyOf(access: CareAccess, type: string, id: string): Promise<string | undefined>
  /**
   * The patients whom somebody stands for.
   *
   * @param fhirUser `Patient/1`: that one; `RelatedPerson/1`: whom they are related to; `Person/1`: those
   *   it links to; `Practitioner/1`: nobody, they choose
   * @returns logical ids; undefined for a Practitioner
   */
  patientsOf(fhirUser: string): Promise<readonly string[] | undefined>
  /** internal key of a Patient by its logical id, for the trail */
  patientKey(id: string): Promise<string | undefined>
  /** logical id of the Patient that an Encounter is of; undefined: not there, or of nobody */
  patientOfEncounter(encounterId: string): Promise<string | undefined>
}

/** Records as App Launch asks for them. Until they were handed over, there are none: nothing can be launched. */
@Injectable()
export class ContextRecords implements ContextRecordSource {
  private source: ContextRecordSource | undefined

  /** Called once when the FHIR bases start. */
  provideFrom(source: ContextRecordSource): void {
    this.source = source
  }

  async keyOf(access: CareAccess, type: string, id: string): Promise<string | undefined> {
    return this.source?.keyOf(access, type, id)
  }

  async patientsOf(fhirUser: string): Promise<readonly string[] | undefined> {
    return this.source ? this.source.patientsOf(fhirUser) : []
  }

  async patientKey(id: string): Promise<string | undefined> {
    return this.source?.patientKey(id)
  }

  async patientOfEncounter(encounterId: string): Promise<string | undefined> {
    return this.source?.patientOfEncounter(encounterId)
  }
}
