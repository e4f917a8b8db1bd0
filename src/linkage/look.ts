import type { Resource } from '../fhir/json.ts'
import { standingMerge } from '../governance/merges.ts'
import { compare, type Grade } from '../identity/linkage/compare.ts'
import type { Evidence } from '../identity/linkage/evidence.ts'
import { nextState, type Found, type KeptGrade, type PairState } from '../identity/linkage/pair-state.ts'
import { traitsOf, type Traits } from '../identity/linkage/traits.ts'
import {
  forgetPair,
  insertPair,
  markMerged,
  markUnmerged,
  otherOf,
  pairsOf,
  updatePair,
  type Pair,
} from '../identity/vault-linkage.ts'
import type { Context } from '../interactions/context.ts'
import { isReplaced } from '../interactions/merge/patients.ts'
import { resourceOf } from '../interactions/released.ts'
import { patientsByKey, patientsOfBlock, questionsAbout } from '../interactions/same-person.ts'
import { noteLinkage } from '../store/linkage-notes.ts'
import type { Tx } from '../store/tx.ts'

/** A block of more is left out: of ten million people some four hundred are born on a day. */
const mostOfBlock = 2_000

/**
 * Looks at a Patient as it is now, and makes its pairs say what is found: who may be the same person, and
 * whom it replaces or is replaced by. What may change the links of a Patient is noted. Done twice, it does
 * no more.
 *
 * @param patient key; one who is not there, or no longer, is in no pair
 * @returns how many Patients it was compared with
 */
export async function look(tx: Tx, context: Context, evidence: Evidence, patient: string): Promise<number> {
  const before = await settleMerges(tx, patient, await pairsOf(tx, patient))
  const resource = await standing(tx, context, patient)
  const { found, compared } = resource
    ? await alike(tx, context, evidence, patient, traitsOf(resource))
    : nobody
  const others = new Set([...found.keys(), ...before.keys()])
  const linked: string[] = []
  for (const other of others) {
    const pair = before.get(other)
    const now = found.get(other)
    const state = resource ? nextState(pair, now) : withoutPatient(pair)
    if (pair && state === undefined) await forgetPair(tx, pair)
    else if (pair && now && state) await updatePair(tx, pair, now, state)
    else if (now && state) await insertPair(tx, [patient, other], now, state, context.now())
    if (pair?.state === 'linked' || state === 'linked') linked.push(other)
  }
  // also where nothing has changed: the note of before may be lost with a crash between two servers
  if (linked.length > 0) await noteLinkage(tx, 'link', [patient, ...linked])
  return compared
}

/** Who is not there is nobody's double; that two are two persons stays known. */
function withoutPatient(pair: Pair | undefined): PairState | undefined {
  return pair?.state === 'rejected' ? 'rejected' : undefined
}

/** The Patient of a key; undefined: deleted, or replaced by another. */
async function standing(tx: Tx, context: Context, patient: string): Promise<Resource | undefined> {
  const [released] = await patientsByKey(tx, context, [patient])
  const resource = released && resourceOf(released)
  return resource && !isReplaced(resource) ? resource : undefined
}

/** Makes merged pairs those whose merge stands. @returns the others, by the other one's key */
async function settleMerges(tx: Tx, patient: string, pairs: readonly Pair[]): Promise<Map<string, Pair>> {
  const left = new Map<string, Pair>()
  if (pairs.length === 0) return left
  const target = (await standingMerge(tx, patient))?.target
  for (const pair of pairs) {
    const other = otherOf(pair, patient)
    const isMerged = other === target || (await standingMerge(tx, other))?.target === patient
    if (isMerged) await markMerged(tx, pair.id)
    else if (pair.state === 'merged') await markUnmerged(tx, pair.id)
    if (!isMerged) left.set(other, pair)
  }
  return pairs.some(({ state }) => state === 'merged') ? again(tx, patient, left) : left
}

/** The same pairs as they are now. */
async function again(tx: Tx, patient: string, pairs: ReadonlyMap<string, Pair>): Promise<Map<string, Pair>> {
  const now = (await pairsOf(tx, patient)).map((pair) => [otherOf(pair, patient), pair] as const)
  return new Map(now.filter(([other]) => pairs.has(other)))
}

interface Alike {
  /** by key */
  readonly found: ReadonlyMap<string, Found>
  readonly compared: number
}
const nobody: Alike = { found: new Map(), compared: 0 }

/** Who shares a block with a person and is like them; a block at a time is in memory. */
async function alike(
  tx: Tx,
  context: Context,
  evidence: Evidence,
  patient: string,
  person: Traits,
): Promise<Alike> {
  const found = new Map<string, Found>()
  const compared = new Set([patient])
  for (const question of questionsAbout(person)) {
    const rows = (await patientsOfBlock(tx, context, question, mostOfBlock)) ?? []
    const fresh = rows.filter(({ id }) => !compared.has(id))
    for (const released of await context.gate.release(tx, context.access, fresh)) {
      compared.add(released.row.id)
      const resource = resourceOf(released)
      if (isReplaced(resource)) continue
      const other = traitsOf(resource)
      const { grade, score, agreements } = compare(person, other)
      if (!isKept(grade)) continue
      const byIns = grade === 'certain' && agreements.ins === 'equal'
      found.set(released.row.id, { grade, score, byIns, evidence: evidence.of(person, other) })
    }
  }
  return { found, compared: compared.size - 1 }
}

function isKept(grade: Grade): grade is KeptGrade {
  return grade === 'certain' || grade === 'probable'
}
