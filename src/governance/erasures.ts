import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { FhirError } from '../fhir/outcome.ts'
import { Vault } from '../identity/vault.ts'
import { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import {
  findErasure,
  insertErasure,
  listErasures,
  markConfirmed,
  markWithdrawn,
  type ConfirmingRole,
  type Erasure,
  type ErasureGround,
  type Retention,
} from './erased.ts'
import { Erasing } from './erasing.ts'
import { ErasedList } from './erased-list.ts'
import { CertificateSeal, certificateHash, type Certificate } from './erasure-certificate.ts'
import { Gate } from './gate.ts'
import { standingInto } from './merges.ts'
import { keyOfNamed, type NamedPatient } from './named-patient.ts'
import type { Person } from './records.ts'

/** An erasure as people read it: the patient by the id that clients know, as long as there is one. */
export interface DescribedErasure extends Erasure {
  readonly logicalId: string | undefined
}

export interface SignedCertificate {
  readonly certificate: Certificate
  /** of the certificate's text, hexadecimal */
  readonly sha256: string
  /** HMAC-SHA-256 under a key of the keyring, base64 */
  readonly mac: string
  /** whether it is as it was signed */
  readonly isGenuine: boolean
}

/** Erasures as people ask for them: one asks, another of another role confirms, both on closed grounds. */
@Injectable()
export class Erasures {
  private readonly store: Store
  private readonly gate: Gate
  private readonly vault: Vault
  private readonly erasing: Erasing
  private readonly list: ErasedList
  private readonly seal: CertificateSeal

  constructor(
    store: Store,
    gate: Gate,
    vault: Vault,
    erasing: Erasing,
    list: ErasedList,
    seal: CertificateSeal,
  ) {
    this.store = store
    this.gate = gate
    this.vault = vault
    this.erasing = erasing
    this.list = list
    this.seal = seal
  }

  /**
   * Asks for an erasure; nothing happens before another person confirms it.
   *
   * @throws FhirError as `keyOfNamed`; 409 when one of this patient is under way
   */
  async ask(
    person: Person,
    asked: NamedPatient & { readonly ground: ErasureGround; readonly retention: Retention },
    now: Date,
  ): Promise<DescribedErasure> {
    const id = randomUUID()
    return this.store.transaction('care', async (tx) => {
      const patient = await keyOfNamed(tx, this.gate, person, asked)
      await demandNotReplacing(tx, patient)
      const { ground, retention } = asked
      const erasure = { id, patient, mark: this.list.mark(patient), ground, retention }
      const isNew = await insertErasure(tx, { ...erasure, askedBy: person.userId, askedAt: now })
      if (!isNew) throw FhirError.conflict('an erasure of this patient is under way')
      return this.described(tx, await this.find(tx, id))
    })
  }

  /**
   * Confirms by typing the patient's logical id again, and carries it out. What of it a crash leaves is
   * done by whoever comes after; the proof follows when no process can remember the patient.
   *
   * @throws FhirError 403 for who asked, or has no other role; 400 for another id; 409 when it is past that
   */
  async confirm(person: Person, id: string, retyped: string, now: Date): Promise<DescribedErasure> {
    const role = (['director', 'steward'] as const).find((one) => person.roles.has(one))
    if (role === undefined) throw FhirError.forbidden('an erasure is confirmed by a director or a steward')
    await this.store.transaction('care', (tx) => this.markConfirmed(tx, person, role, id, retyped, now))
    await this.erasing.proceed(id, now)
    return this.one(id)
  }

  /** Takes back what was not confirmed. @throws FhirError 404; 409 when it was */
  async withdraw(id: string): Promise<DescribedErasure> {
    return this.store.transaction('care', async (tx) => {
      const erasure = await this.find(tx, id, true)
      if (erasure.state !== 'asked') throw FhirError.conflict('this erasure was confirmed or withdrawn')
      await markWithdrawn(tx, id)
      return this.described(tx, { ...erasure, state: 'withdrawn' })
    })
  }

  /** @throws FhirError 404 */
  one(id: string): Promise<DescribedErasure> {
    return this.store.transaction('care', async (tx) => this.described(tx, await this.find(tx, id)))
  }

  /** Newest first. @param page `before`: id of the last one of the page before */
  page(page: { readonly limit: number; readonly before?: string | undefined }): Promise<DescribedErasure[]> {
    return this.store.transaction('care', async (tx) => {
      const described: DescribedErasure[] = []
      for (const one of await listErasures(tx, page)) described.push(await this.described(tx, one))
      return described
    })
  }

  /** @throws FhirError 404 while there is none: it is given when the proof is there */
  async certificate(id: string): Promise<SignedCertificate> {
    const { certificate, mac } = await this.store.read('care', (tx) => this.find(tx, id))
    if (certificate === undefined || mac === undefined) throw FhirError.notFound('certificate')
    return {
      certificate: JSON.parse(certificate) as Certificate,
      sha256: certificateHash(certificate),
      mac: mac.toString('base64'),
      isGenuine: this.seal.isGenuine(certificate, mac),
    }
  }

  private async markConfirmed(
    tx: Tx,
    person: Person,
    role: ConfirmingRole,
    id: string,
    retyped: string,
    now: Date,
  ): Promise<void> {
    const erasure = await this.described(tx, await this.find(tx, id, true))
    if (erasure.askedBy === person.userId) throw FhirError.forbidden('who asked for it does not confirm it')
    if (erasure.state !== 'asked') throw FhirError.conflict('this erasure was confirmed or withdrawn')
    if (retyped !== erasure.logicalId) {
      throw FhirError.invalid('patient: not the patient of this erasure', 'patient')
    }
    if (erasure.patient !== undefined) await demandNotReplacing(tx, erasure.patient)
    await markConfirmed(tx, id, { userId: person.userId, role, at: now })
  }

  private async find(tx: Tx, id: string, hold = false): Promise<Erasure> {
    const erasure = await findErasure(tx, id, hold)
    if (!erasure) throw FhirError.notFound('erasure')
    return erasure
  }

  /** Once it is carried out, a key is all there is, and says nothing. */
  private async described(tx: Tx, one: Erasure): Promise<DescribedErasure> {
    const { patient, state } = one
    if (patient === undefined || state === 'erased') return { ...one, logicalId: undefined }
    const ids = await this.vault.patientIds(tx, [patient])
    return { ...one, logicalId: ids.get(patient) ?? patient }
  }
}

/**
 * A Patient that replaces others has what theirs referred to, and they have its former versions: each is
 * erased by name, those that were replaced first.
 *
 * @throws FhirError 409
 */
async function demandNotReplacing(tx: Tx, patient: string): Promise<void> {
  if ((await standingInto(tx, patient)).length > 0) {
    throw FhirError.conflict('this Patient replaces others: erase those first, or undo their merge')
  }
}
