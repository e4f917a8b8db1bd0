import { FhirError } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/json.ts'
import { standingMerge } from '../governance/merges.ts'
import type { Person } from '../governance/records.ts'
import { compare, type Agreements } from '../identity/linkage/compare.ts'
import type { Evidence } from '../identity/linkage/evidence.ts'
import type { PairState } from '../identity/linkage/pair-state.ts'
import { traitsOf } from '../identity/linkage/traits.ts'
import { decidePair, findPair, listPairs, type Pair } from '../identity/vault-linkage.ts'
import type { Vault } from '../identity/vault.ts'
import { performAlone } from '../interactions/perform.ts'
import { resourceOf } from '../interactions/released.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { route } from '../interactions/route.ts'
import { patientsByKey } from '../interactions/same-person.ts'
import { noteLinkage } from '../store/linkage-notes.ts'
import type { Tx } from '../store/tx.ts'
import type { LinkageContexts } from './linkage-context.ts'
import { look } from './look.ts'
import { settleLinks } from './settle-links.ts'

/** A pair with the two patients' ids as clients know them, in the order of the pair's keys. */
export interface DescribedPair extends Pair {
  readonly ids: readonly [string, string]
}

/** Two Patients side by side. */
export interface ComparedPair extends DescribedPair {
  /** as they are now; `undefined`: deleted */
  readonly patients: readonly [Resource | undefined, Resource | undefined]
  /** of what is there now; undefined: one of the two is not */
  readonly agreements: Agreements | undefined
}

/**
 * The queue of pairs that a steward works through. A decision is noted before it is made: should the process
 * die in between, the links of the two are made to say what was decided all the same.
 */
export class LinkageDesk {
  private readonly contexts: LinkageContexts
  private readonly vault: Vault
  private readonly evidence: Evidence

  constructor(contexts: LinkageContexts, vault: Vault, evidence: Evidence) {
    this.contexts = contexts
    this.vault = vault
    this.evidence = evidence
  }

  /** Pairs in a state, best first. @param page `before`: id of the last one of the page before */
  list(
    state: PairState,
    page: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<DescribedPair[]> {
    return this.transaction(async (tx) => this.described(tx, await listPairs(tx, state, page)))
  }

  /** The two Patients side by side, and how they agree. @throws FhirError 404 */
  compared(id: string): Promise<ComparedPair> {
    return this.transaction(async (tx) => {
      const pair = await this.one(tx, id)
      const keys = [pair.one, pair.other]
      const released = await patientsByKey(tx, this.contexts.own, keys)
      const [one, other] = keys.map((key) => {
        const found = released.find(({ row }) => row.id === key)
        return found && resourceOf(found)
      })
      const agreements = one && other && compare(traitsOf(one), traitsOf(other)).agreements
      return { ...pair, patients: [one, other], agreements }
    })
  }

  /** They are two persons: the pair does not come back as long as both are known by the same. @throws FhirError 404, 409 */
  reject(person: Person, id: string): Promise<DescribedPair> {
    return this.decide(person, id, ['open'], 'rejected')
  }

  /** They are one person: each Patient gets a link to the other. @throws FhirError 404, 409 */
  link(person: Person, id: string): Promise<DescribedPair> {
    return this.decide(person, id, ['open', 'rejected'], 'linked')
  }

  /** The link was false: both Patients are what they were without it. @throws FhirError 404, 409 */
  unlink(person: Person, id: string): Promise<DescribedPair> {
    return this.decide(person, id, ['linked'], 'rejected')
  }

  /**
   * Makes one of the two replace the other, as `$merge` does.
   *
   * @param target logical id of the one that stays
   * @throws FhirError 404, 409; 400 when the target is neither of the two; as `$merge`
   */
  async merge(person: Person, id: string, target: string, reason: string): Promise<DescribedPair> {
    const pair = await this.transaction((tx) => this.one(tx, id))
    if (pair.state !== 'open' && pair.state !== 'linked') throw wrongState()
    const [source] = pair.ids.filter((one) => one !== target)
    if (!pair.ids.includes(target) || source === undefined) {
      throw FhirError.invalid('target: the id of one of the two expected', 'target')
    }
    await this.call(person, '$merge', { source, target }, reason)
    return this.looked(pair)
  }

  /** Makes them two again, as `$undo-merge` does. @throws FhirError 404, 409; as `$undo-merge` */
  async undo(person: Person, id: string, reason: string): Promise<DescribedPair> {
    const pair = await this.transaction((tx) => this.one(tx, id))
    const [one, other] = pair.ids
    const isReversed = await this.transaction(async (tx) => {
      if (pair.state !== 'merged') throw wrongState()
      return (await standingMerge(tx, pair.one))?.target !== pair.other
    })
    const parties = isReversed ? { source: other, target: one } : { source: one, target: other }
    await this.call(person, '$undo-merge', parties, reason)
    return this.looked(pair)
  }

  private async decide(
    { userId }: Person,
    id: string,
    from: readonly PairState[],
    to: PairState,
  ): Promise<DescribedPair> {
    const pair = await this.transaction(async (tx) => {
      const found = await this.one(tx, id)
      await noteLinkage(tx, 'link', [found.one, found.other])
      return found
    })
    const context = this.contexts.of(userId)
    await this.transaction(async (tx) => {
      if (!(await decidePair(tx, id, from, to, userId, context.now()))) throw wrongState()
    })
    for (const patient of [pair.one, pair.other]) {
      await this.transaction((tx) => settleLinks(tx, context, patient))
    }
    return this.transaction((tx) => this.one(tx, id))
  }

  /** Calls an operation on the two, in the name of the person, by the way that every call goes. */
  private async call(
    { userId }: Person,
    operation: '$merge' | '$undo-merge',
    { source, target }: { readonly source: string; readonly target: string },
    reason: string,
  ): Promise<void> {
    const parameter = [
      { name: 'source-patient', valueReference: { reference: `Patient/${source}` } },
      { name: 'target-patient', valueReference: { reference: `Patient/${target}` } },
      { name: 'reason', valueString: reason },
    ]
    const request: FhirRequest = {
      ...{ method: 'POST', path: ['Patient', operation], parameters: [] },
      body: { resourceType: 'Parameters', parameter },
      ...{ contentType: undefined, rawBody: undefined, ifMatch: undefined, ifNoneMatch: undefined },
      ...{ ifModifiedSince: undefined, ifNoneExist: undefined },
      prefer: { return: 'minimal', handling: 'strict', async: false },
    }
    await performAlone(this.contexts.of(userId), request, route(request, operationsAlone))
  }

  /** Looks at both at once, so that the answer has what the next look would find. */
  private async looked({ id, one, other }: Pair): Promise<DescribedPair> {
    for (const patient of [one, other]) {
      await this.transaction((tx) => look(tx, this.contexts.own, this.evidence, patient))
    }
    return this.transaction((tx) => this.one(tx, id))
  }

  private async one(tx: Tx, id: string): Promise<DescribedPair> {
    const pair = await findPair(tx, id)
    const [described] = pair ? await this.described(tx, [pair]) : []
    if (!described) throw FhirError.notFound('pair')
    return described
  }

  private async described(tx: Tx, pairs: readonly Pair[]): Promise<DescribedPair[]> {
    const ids = await this.vault.patientIds(
      tx,
      pairs.flatMap(({ one, other }) => [one, other]),
    )
    const idOf = (key: string) => ids.get(key) ?? key
    return pairs.map((pair) => ({ ...pair, ids: [idOf(pair.one), idOf(pair.other)] }))
  }

  private transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.contexts.own.store.transaction('care', work)
  }
}

const operationsAlone = new Set(['operation'] as const)

function wrongState(): FhirError {
  return FhirError.conflict('this pair is in another state')
}
