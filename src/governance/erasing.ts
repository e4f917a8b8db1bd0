import type { AuditedAccess, Trail } from '../audit/trail.ts'
import { longestKeptMs } from '../identity/key-cache.ts'
import type { Vault } from '../identity/vault.ts'
import { destroyPatient, forgetTexts, textsAmong, vaultPlaces } from '../identity/vault-erasure.ts'
import { eraseCompartment, rowsWithTokens, tokensInUse, tokensOf } from '../store/erase.ts'
import { lock } from '../store/lock.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import { listUnwritable, type ErasedList } from './erased-list.ts'
import {
  deleteOppositions,
  findErasure,
  markErased,
  markProved,
  placesOf,
  unfinishedErasures,
  type Erasure,
} from './erased.ts'
import {
  certificateHash,
  certificateText,
  judge,
  type CertificateSeal,
  type Finding,
} from './erasure-certificate.ts'
import type { Gate } from './gate.ts'
import type { Keepers } from './kept-of-patients.ts'

/** After so long no process remembers anything of a patient who was erased: keys, ids and texts are kept shorter. */
export const settledMs = longestKeptMs + 10_000

export interface ErasingOptions {
  readonly store: Store
  readonly gate: Gate
  readonly vault: Vault
  readonly keepers: Keepers
  readonly trail: Pick<Trail, 'record'>
  readonly list: ErasedList
  readonly seal: CertificateSeal
  /** told before each step: a test may end the process there */
  readonly onStep?: (step: string) => void
}

/**
 * Carries confirmed erasures out. Each step is one transaction that may be done again, and the row's state
 * says which come next, so that whoever comes after a crash finishes the work:
 *
 * 1. the patient opposes: out of cohorts, exports and answers; known again by the suppression list;
 * 2. the erasure is written to the list outside the database;
 * 3. the data key is destroyed, and with it every row of vault and compartment goes;
 * 4. when no process can remember the patient any more, 3 again, for what was written meanwhile;
 * 5. all places are looked through; when they hold nothing, the certificate is written and the key forgotten.
 */
export class Erasing {
  private readonly options: ErasingOptions

  constructor(options: ErasingOptions) {
    this.options = options
  }

  /**
   * Does what is to be done now; one that fails does not keep others waiting.
   *
   * @returns how many erasures were proved
   * @throws the first failure, when all have been tried
   */
  async proceedAll(now: Date): Promise<number> {
    const settled = new Date(now.getTime() - settledMs)
    const ids = await this.options.store.read('care', (tx) => unfinishedErasures(tx, settled))
    let proved = 0
    const failures: unknown[] = []
    for (const id of ids) {
      const isProved = await this.proceed(id, now).catch((error: unknown) => {
        failures.push(error)
        return false
      })
      if (isProved) proved += 1
    }
    if (failures.length > 0) throw failures[0]
    return proved
  }

  /** Does what is to be done now of one. @returns whether it was proved by this */
  async proceed(id: string, now: Date): Promise<boolean> {
    const { store, onStep = () => undefined } = this.options
    const erasure = await store.transaction('care', (tx) => findErasure(tx, id))
    if (erasure?.patient === undefined) return false
    if (erasure.state === 'confirmed') {
      onStep('oppose')
      await this.oppose(erasure, now)
      onStep('list')
      await this.listOutside(erasure)
      onStep('erase')
      await this.erase(erasure, now)
      onStep('erased')
      return false
    }
    const isSettled =
      erasure.erasedAt !== undefined && now.getTime() - erasure.erasedAt.getTime() >= settledMs
    if (erasure.state !== 'erased' || !isSettled) return false
    onStep('again')
    await this.erase(erasure, now)
    onStep('mend')
    await this.mendTexts(erasure)
    onStep('prove')
    return this.prove(erasure, now)
  }

  private async oppose({ patient, askedBy }: Erasure, now: Date): Promise<void> {
    if (patient === undefined) return
    const said = { patient, source: 'desk', consent: undefined, takenBy: askedBy, takenAt: now } as const
    await this.options.store.transaction('care', (tx) => this.options.gate.opposing.oppose(tx, said))
  }

  private async listOutside({ id, mark, ground, retention }: Erasure): Promise<void> {
    const listed = { id, mark: mark.toString('hex'), ground, retention }
    await this.options.list.add(listed).catch((cause: unknown) => {
      throw listUnwritable(cause)
    })
  }

  /** All of a patient, in the vault and beside it; the texts that were theirs alone too. */
  private async erase({ id, patient }: Erasure, now: Date): Promise<void> {
    if (patient === undefined) return
    const { store, vault, keepers } = this.options
    await store.transaction('care', async (tx) => {
      await findErasure(tx, id, true)
      await lock(tx, [{ type: 'Patient', id: patient }])
      const texts = await textsAmong(tx, await tokensOf(tx, patient))
      await destroyPatient(tx, patient)
      await eraseCompartment(tx, patient)
      await keepers.erase(tx, patient)
      const shared = await tokensInUse(tx, texts)
      const own = texts.filter((token) => !shared.has(token))
      await forgetTexts(tx, own)
      await markErased(tx, id, now, own)
      tx.afterCommit(() => vault.forgetKey(patient))
    })
  }

  /** A process that remembered a text as noted did not note it again for a row of somebody else. */
  private async mendTexts({ id }: Erasure): Promise<void> {
    const { store, gate } = this.options
    await store.transaction('care', async (tx) => {
      const { texts = [] } = (await findErasure(tx, id)) ?? {}
      const there = new Set(await textsAmong(tx, texts))
      const rows = await rowsWithTokens(
        tx,
        texts.filter((token) => !there.has(token)),
      )
      if (rows.length > 0) await gate.reindex(tx, rows)
    })
  }

  /** @returns false when something is left: it is erased and looked for again later */
  private async prove({ id, patient, erasedAt }: Erasure, now: Date): Promise<boolean> {
    if (patient === undefined || erasedAt === undefined) return false
    const { store, keepers, trail, seal } = this.options
    try {
      return await store.transaction('care', async (tx) => {
        const erasure = await findErasure(tx, id, true)
        if (erasure?.state !== 'erased' || (await keepers.pending(tx, erasedAt)) > 0) return false
        await deleteOppositions(tx, patient)
        const finding = judge(await this.look(tx, patient))
        if (Object.keys(finding.left).length > 0) throw new LeftOver(finding)
        const certificate = certificateText(erasure, finding, now)
        await markProved(tx, id, { at: now, certificate, mac: seal.sign(certificate) })
        await trail.record(proofEvent(id, true, { certificate: certificateHash(certificate) }, now))
        return true
      })
    } catch (error) {
      if (!(error instanceof LeftOver)) throw error
      await trail.record(proofEvent(id, false, error.finding.left, now))
      return false
    }
  }

  private async look(tx: Tx, patient: string) {
    return [...(await placesOf(tx, patient)), ...(await vaultPlaces(tx, patient))]
  }
}

/** The proof failed: nothing of it is kept. */
class LeftOver extends Error {
  readonly finding: Finding
  constructor(finding: Finding) {
    super('rows of an erased patient are left')
    this.finding = finding
  }
}

/** On the chain: the certificate's number and hash, or how many rows are left where. It names no patient. */
function proofEvent(
  id: string,
  isClean: boolean,
  detail: Readonly<Record<string, string | number>>,
  at: Date,
): AuditedAccess {
  const what = { action: 'E', interaction: 'erasure-prove', type: 'Task' } as const
  return {
    ...what,
    ...{ outcome: isClean ? 'success' : 'failed', base: '/governance', patients: [], at },
    access: { caller: { clientId: 'governance', userId: undefined, tokenId: '', ip: undefined } },
    entities: [{ type: 'Task', id }],
    detail: Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, String(value)])),
  }
}
