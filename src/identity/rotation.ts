import { timingSafeEqual } from 'node:crypto'
import { SettingsError } from '../config.ts'
import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import { holdRotation, recordCurrent, recordedVersions, retireVersion } from './vault-key-versions.ts'
import { witness } from './witness.ts'
import type { Rewrapped, StoredKey, WrappedPlace } from './wrapped-place.ts'

/** What keys are wrapped by and where they lie. */
export interface Keys {
  readonly keyring: Keyring
  readonly store: Store
  readonly places: readonly WrappedPlace[]
}

/** How far a rotation has come. Whatever ends it after a step, the next rotation goes on from there. */
export type Step =
  | { readonly step: 'added' | 'recorded' | 'retired'; readonly keyVersion: number }
  | { readonly step: 'rewrapped'; readonly place: string; readonly count: number }

export interface Rotation {
  /** the version that wraps everything now */
  readonly keyVersion: number
  /** whether an earlier rotation had begun it */
  readonly isContinued: boolean
  readonly rewrapped: number
  readonly retired: readonly number[]
}

/**
 * Adds a version of the key-encryption key, wraps every key anew under it while servers run, and
 * retires the versions before. A rotation that was begun is finished instead.
 *
 * @param reached hears of each step once it is durable
 * @throws SettingsError when another rotation is under way; FhirError 503 when the key service cannot be
 *   asked; Error when a key does not unwrap: what was done until then stays done
 */
export async function rotate(keys: Keys, reached: (step: Step) => void = () => undefined): Promise<Rotation> {
  // held by a transaction that does nothing else: it ends with the process, however that ends
  return keys.store.transaction('care', async (tx) => {
    if (!(await holdRotation(tx))) throw new SettingsError('another rotation is under way')
    const { keyVersion, isContinued } = await newVersion(keys, reached)
    await keys.store.transaction('care', async (inner) =>
      recordCurrent(inner, keyVersion, await witness(keys.keyring, keyVersion)),
    )
    reached({ step: 'recorded', keyVersion })
    let rewrapped = 0
    const retired: number[] = []
    let waiting: readonly number[] = await retiring(keys.store)
    do {
      rewrapped += await rewrapAll(keys, keyVersion, reached)
      const done = await retireAll(keys.store, waiting)
      done.forEach((version) => reached({ step: 'retired', keyVersion: version }))
      retired.push(...done)
      // a version is held back by who wrote under it while we wrapped: their keys are next
      waiting = waiting.filter((version) => !done.includes(version))
    } while (waiting.length > 0)
    return { keyVersion, isContinued, rewrapped, retired }
  })
}

/** The version to go over to: one that an interrupted rotation left behind, else a new one. */
async function newVersion(
  { keyring, store }: Keys,
  reached: (step: Step) => void,
): Promise<Pick<Rotation, 'keyVersion' | 'isContinued'>> {
  const newest = (await keyring.service.versions()).at(-1) ?? 0
  const recorded = await store.read('care', recordedVersions)
  const current = recorded.find(({ state }) => state === 'current')?.version
  const isBegun = current !== undefined && newest > current
  if (isBegun || recorded.some(({ state }) => state === 'retiring')) {
    return { keyVersion: newest, isContinued: true }
  }
  const keyVersion = await keyring.service.addVersion()
  reached({ step: 'added', keyVersion })
  return { keyVersion, isContinued: false }
}

/** @returns how many keys were wrapped anew: passes over all places until one finds nothing */
async function rewrapAll(keys: Keys, keyVersion: number, reached: (step: Step) => void): Promise<number> {
  let total = 0
  for (;;) {
    let found = 0
    for (const place of keys.places) {
      let after: string | undefined
      for (;;) {
        const batch = await keys.store.read('care', (tx) => place.olderThan(tx, keyVersion, after, batchSize))
        if (batch.length === 0) break
        const anew = await rewrapped(keys.keyring, batch, keyVersion)
        await keys.store.transaction('care', (tx) => place.replace(tx, anew))
        found += batch.length
        after = batch.at(-1)?.id
        reached({ step: 'rewrapped', place: place.name, count: batch.length })
      }
    }
    if (found === 0) return total
    total += found
  }
}

const batchSize = 500

/** Wraps keys anew; what comes out is unwrapped again and compared before it may replace anything. */
async function rewrapped(
  keyring: Keyring,
  batch: readonly StoredKey[],
  keyVersion: number,
): Promise<Rewrapped[]> {
  const plain = await keyring.unwrapAll(batch)
  const entries = batch.map(({ context }, index) => ({ key: at(plain, index), context }))
  const wrapped = await keyring.wrapAll(entries, keyVersion)
  const again = await keyring.unwrapAll(
    wrapped.map((one, index) => ({ ...one, context: at(batch, index).context })),
  )
  const isSame = plain.every((key, index) => timingSafeEqual(key, at(again, index)))
  for (const key of [...plain, ...again]) key.fill(0)
  if (!isSame) throw new Error('the key service gave back another key than it was given')
  return batch.map(({ id, wrapped: was }, index) => ({ id, was, ...at(wrapped, index) }))
}

async function retiring(store: Store): Promise<number[]> {
  const recorded = await store.read('care', recordedVersions)
  return recorded.flatMap(({ state, version }) => (state === 'retiring' ? [version] : []))
}

async function retireAll(store: Store, versions: readonly number[]): Promise<number[]> {
  const done: number[] = []
  for (const version of versions) {
    if (await store.transaction('care', (tx) => retireVersion(tx, version))) done.push(version)
  }
  return done
}

function at<T>(list: readonly T[], index: number): T {
  const one = list[index]
  if (one === undefined) throw new TypeError('as many keys as were asked for')
  return one
}
