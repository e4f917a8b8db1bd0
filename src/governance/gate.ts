import type { Access, AllowedQuery, ResearchAccess } from '../access/access.ts'
import { demand, inFull, restrict } from '../access/access.ts'
import { isPseudonym, patientOf } from '../deid/pseudonym.ts'
import { extract } from '../fhir/search/extract.ts'
import { parseJson, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import type { Query } from '../fhir/search/query.ts'
import { parseReference } from '../fhir/reference.ts'
import { BlindIndex } from '../identity/blind-index.ts'
import type { Keyring } from '../identity/keyring.ts'
import { referencesIn } from '../identity/references.ts'
import type { Vault } from '../identity/vault.ts'
import { indexBlind, withdrawBlind } from '../identity/vault-blind-rows.ts'
import { notePending } from '../identity/vault-pending.ts'
import type { Expunged } from '../store/expunge.ts'
import { currents } from '../store/resources.ts'
import { nilPatient, type HistoryRow, type StoredRow, type WritableRow } from '../store/row.ts'
import { SearchTerms, ucumUnits } from '../store/search-terms.ts'
import { exportRows } from '../store/search.ts'
import type { PreparedQuery } from '../store/prepared-query.ts'
import { isElsewhere, type Tx } from '../store/tx.ts'
import { compartments, layDown, type Admitted, type AdmitInput } from './admit.ts'
import { Opposing } from './opposing.ts'
import type { Permits } from './permits.ts'
import { patientIdsIn } from './patient-ids.ts'
import { prepareCare } from './prepare.ts'
import { approvedFilters, prepareResearch } from './prepare-research.ts'
import { asksInUnits } from './prepare-units.ts'
import { releaseCare, type Released } from './release-care.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { SealedSearch } from './sealed-search.ts'
import { readRow, releaseResearch, type ReadRow, type ReleasedTargets } from './release-research.ts'

export type { AdmitInput } from './admit.ts'
export type { Released } from './release-care.ts'

/**
 * The one door between what identifies and what does not. On the way in it takes identity out of a
 * resource and locks it away; on the way out it puts it back for care, or gives a permit what the
 * permit may see. Reads, searches and exports of both sides pass here and nowhere else.
 */
export class Gate {
  private readonly vault: Vault
  private readonly permits: Permits
  private readonly blindIndex: BlindIndex
  private readonly sealed: SealedSearch
  private readonly terms = new SearchTerms()
  /** who is out of research, and how they come to be */
  readonly opposing: Opposing
  private readonly zone: string
  private readonly base: string

  /** @param base the care base's URL: absolute references under it are local */
  constructor(vault: Vault, permits: Permits, keyring: Keyring, zone: string, base: string) {
    this.vault = vault
    this.permits = permits
    this.blindIndex = new BlindIndex(keyring, zone)
    this.sealed = new SealedSearch(vault, this.blindIndex, { zone, base })
    this.zone = zone
    this.base = base
    this.opposing = new Opposing(keyring, (tx, key) => this.currentPatient(tx, key))
  }

  /** The internal id of a resource by the id the caller knows; undefined: not known to this caller. */
  async locate(tx: Tx, access: Access, type: string, id: string): Promise<string | undefined> {
    if (access.kind === 'research') return this.locateReleased(tx, access, type, id)
    if (type !== 'Patient') return id
    return (await this.vault.patientKeys(tx, [id], false)).get(id)
  }

  /** Care: the internal ids of resources that are about to be written; a patient not met before gets a key. */
  async claim(
    tx: Tx,
    resources: readonly { readonly type: string; readonly id: string }[],
  ): Promise<{ readonly type: string; readonly id: string }[]> {
    const ids = resources.filter(({ type }) => type === 'Patient').map(({ id }) => id)
    const keys = await this.vault.patientKeys(tx, ids, true)
    return resources.map(({ type, id }) => ({ type, id: type === 'Patient' ? (keys.get(id) ?? id) : id }))
  }

  /** The patients' own secrets in the warehouse, from which a permit's pseudonyms are made; only for a grant. */
  warehouseSecrets(tx: Tx, patients: readonly string[]): Promise<Map<string, Buffer>> {
    return this.vault.warehouseSecrets(tx, patients)
  }

  /** Makes a query ready for SQL: rights, keys and blind tokens in the place of what the caller wrote. */
  async prepare(tx: Tx, query: AllowedQuery): Promise<PreparedQuery> {
    const { access } = query
    const filters: readonly Query[] = query.anyOf.map(({ filter }) => filter)
    const queries = [query, ...filters, ...(access.kind === 'research' ? approvedFilters(access) : [])]
    const units = queries.some(asksInUnits) ? await ucumUnits(tx) : []
    if (access.kind === 'research') return prepareResearch(access, query, units)
    const keys = await this.vault.patientKeys(tx, queries.flatMap(patientIdsIn), false)
    return prepareCare(tx, query, { access, keys, units, sealed: this.sealed, negated: false })
  }

  /**
   * The way in: seals what identifies, writes it to the vault, and gives back the clinical rows for
   * `save`. In the same transaction, so that neither side is ever half there.
   */
  async admit(tx: Tx, inputs: readonly AdmitInput[]): Promise<WritableRow[]> {
    const admitted = await this.layDownAll(tx, inputs)
    await this.vault.write(
      tx,
      admitted.flatMap(({ sealed }) => (sealed ? [sealed] : [])),
    )
    await this.note(
      tx,
      admitted,
      inputs.some(({ version }) => version > 1),
    )
    await this.opposing.atEntry(
      tx,
      inputs.map((input, index) => ({ ...input, patient: admitted[index]?.row.patient ?? nilPatient })),
    )
    return admitted.map(({ row }) => row)
  }

  /** The current Patient of a key as care reads it; undefined: there is none. */
  async currentPatient(tx: Tx, key: string): Promise<Resource | undefined> {
    const rows = await currents(tx, [{ type: 'Patient', id: key }])
    const [released] = await releaseCare(tx, this.vault, rows)
    return released && (parseJson(released.text) as Resource)
  }

  /** Keys of the patients in whose compartments a resource is by what it says: a former version, one to come. */
  async compartmentsOf(tx: Tx, resource: Resource, internalId: string): Promise<string[]> {
    const keys = await this.vault.patientKeys(tx, this.patientsIn(resource), false)
    const values = extract(resource, { zone: this.zone, base: this.base }).filter(
      (value) => value.kind !== 'reference' || value.type !== 'Patient' || keys.has(value.id ?? ''),
    )
    return compartments(resource.resourceType, internalId, values, keys)
  }

  private async layDownAll(tx: Tx, inputs: readonly AdmitInput[]): Promise<Admitted[]> {
    const keys = await this.vault.patientKeys(
      tx,
      inputs.flatMap(({ resource }) => this.patientsIn(resource)),
      true,
    )
    const options = { zone: this.zone, base: this.base }
    return inputs.map((input) =>
      layDown(input, extract(input.resource, options), keys, this.blindIndex, this.base),
    )
  }

  /** What resources are found by in the vault, and what searches are widened by. */
  private async note(tx: Tx, admitted: readonly Admitted[], isReplacement: boolean): Promise<void> {
    await this.vault.noteTexts(
      tx,
      admitted.flatMap(({ texts }) => texts),
    )
    const terms = {
      units: admitted.flatMap(({ units }) => units),
      folders: admitted.flatMap(({ folders }) => folders),
    }
    await this.terms.note(tx, terms.units, terms.folders)
    await indexBlind(
      tx,
      admitted.map(({ blind }) => blind),
      isReplacement,
    )
  }

  /** The same rows with all that they are found by made anew; what they say, here and in the vault, stays. */
  async reindex(tx: Tx, rows: readonly StoredRow[]): Promise<WritableRow[]> {
    const released = await releaseCare(tx, this.vault, rows)
    const inputs = released.map(({ text, version, updatedAt }) => ({
      ...{ resource: parseJson(text) as Resource, version, updatedAt },
      method: 'PUT' as const,
    }))
    const admitted = (await this.layDownAll(tx, inputs)).map((one, index) => ({
      ...one,
      blind: { ...one.blind, seal: rows[index]?.seal ?? null },
    }))
    await this.note(tx, admitted, true)
    return admitted.flatMap(({ row }, index) => {
      const stored = rows[index]
      return stored ? [{ ...row, seal: stored.seal, body: stored.body }] : []
    })
  }

  /** A deleted resource is found no more; its versions stay in the history until they are expunged. */
  async withdraw(
    tx: Tx,
    resources: readonly { readonly type: string; readonly id: string }[],
  ): Promise<void> {
    await withdrawBlind(tx, resources)
  }

  /**
   * The sealed parts of versions that were expunged go with them; where the vault is on another server,
   * once it is certain that the versions are gone.
   */
  async destroy(tx: Tx, versions: readonly Expunged[]): Promise<void> {
    const sealed = versions.flatMap(({ seal, ...of }) => (seal === null ? [] : [{ ...of, seal }]))
    if (isElsewhere(tx)) await notePending(tx, sealed)
    else if (sealed.length > 0) await this.vault.destroy(tx, sealed)
  }

  /**
   * The way out. For care: identity joined again. For a permit: de-identified; rows that the rules
   * refuse are left out, and so is everything when the permit is no longer active.
   */
  async release(tx: Tx, access: Access, rows: readonly (StoredRow | HistoryRow)[]): Promise<Released[]> {
    if (rows.length === 0) return []
    if (access.kind === 'care') return releaseCare(tx, this.vault, rows)
    const pseudonyms = await this.pseudonyms(access)
    const read = rows.map((row) => readRow(demandCurrent(row)))
    const targets = await this.releasedTargets(tx, access, read)
    const members = await pseudonyms.members(tx, targets.values())
    const year = access.permit.grantedAt.getUTCFullYear()
    return read.flatMap((one) => {
      const data = access.permit.data.find(({ type }) => type === one.row.type)
      return data ? (releaseResearch(one, access.permit.id, data, members, targets, year) ?? []) : []
    })
  }

  /** The pseudonyms of an active permit. @throws FhirError 403 when it is active no longer */
  private async pseudonyms(access: ResearchAccess): Promise<Pseudonyms> {
    const active = await this.permits.load(access.permit.id)
    if (!active) throw FhirError.forbidden('this permit is not active')
    return active.pseudonyms
  }

  private patientsIn(resource: Resource): string[] {
    const own = resource.resourceType === 'Patient' ? [String(resource['id'])] : []
    const others = referencesIn(resource).flatMap((text) => {
      const reference = parseReference(text, this.base)
      const isLocal = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
      return isLocal && reference.type === 'Patient' && reference.id !== undefined ? [reference.id] : []
    })
    return [...own, ...others]
  }

  /** A pseudonym names its patient; among that patient's rows the one is looked for whose pseudonym it is. */
  private async locateReleased(
    tx: Tx,
    access: ResearchAccess,
    type: string,
    id: string,
  ): Promise<string | undefined> {
    demand(access, type, 'r')
    if (!isPseudonym(id)) return undefined
    const patient = await this.permits.member(tx, access.permit.id, patientOf(id) ?? id)
    if (patient === undefined) return undefined
    if (type === 'Patient') return id.includes('-') ? undefined : patient
    const pseudonyms = await this.pseudonyms(access)
    const members = await pseudonyms.members(tx, [patient])
    const query = await this.prepare(tx, restrict(access, plainQuery(type, []), 'r'))
    for await (const rows of exportRows(tx, query, { patients: [patient] })) {
      const found = rows.find((row) => members.pseudonym(type, row.id, row.patient) === id)
      if (found) return found.id
    }
    return undefined
  }

  /** Which of the resources that these rows refer to are part of the release too. */
  private async releasedTargets(
    tx: Tx,
    access: ResearchAccess,
    read: readonly ReadRow[],
  ): Promise<ReleasedTargets> {
    const targets = new Map<string, string>()
    const asked = new Map<string, Set<string>>()
    for (const { row, references } of read) {
      targets.set(`${row.type}/${row.id}`, row.patient)
      for (const { type, id } of references) {
        if (!targets.has(`${type}/${id}`)) asked.set(type, (asked.get(type) ?? new Set()).add(id))
      }
    }
    for (const [type, ids] of asked) {
      if (!access.permit.data.some((data) => data.type === type)) continue
      // a client's scopes decide what he sees of the release, not what it points at
      const query = await this.prepare(tx, restrict(inFull(access), plainQuery(type, []), 'r'))
      for await (const rows of exportRows(tx, query, { ids: [...ids] })) {
        for (const row of rows) targets.set(`${type}/${row.id}`, row.patient)
      }
    }
    return targets
  }
}

function demandCurrent(row: StoredRow | HistoryRow): StoredRow {
  if (row.body === null || 'method' in row) throw new TypeError('a permit has no history')
  return row
}
