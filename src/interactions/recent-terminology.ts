import type { Conformance } from '../fhir/package.ts'
import type { Released } from '../governance/gate.ts'
import type { HistoryRow, StoredRow } from '../store/row.ts'
import type { Store } from '../store/store.ts'
import { resourceOf } from './released.ts'

/**
 * CodeSystems and ValueSets that were read lately, as they are: to unseal and parse one of 50,000 concepts
 * takes a second. Whether the caller may see a row is asked of the database each time; only then is looked
 * here, for that very version.
 */
export class RecentTerminology {
  private readonly entries = new Map<string, { readonly resource: Conformance; readonly length: number }>()
  private length = 0

  get(row: StoredRow | HistoryRow): Conformance | undefined {
    const key = keyOf(row)
    const found = this.entries.get(key)
    if (!found) return undefined
    this.entries.delete(key)
    this.entries.set(key, found)
    return found.resource
  }

  /** The resource of a released text, parsed once. */
  read(released: Released): Conformance {
    const known = this.get(released.row)
    if (known) return known
    const resource: Conformance = resourceOf(released)
    const { length } = released.text
    if (length > mostCharacters) return resource
    this.entries.set(keyOf(released.row), { resource, length })
    this.length += length
    for (const [key, oldest] of this.entries) {
      if (this.length <= mostCharacters) break
      this.entries.delete(key)
      this.length -= oldest.length
    }
    return resource
  }
}

/** Some hundred megabytes, once read. */
const mostCharacters = 20_000_000

function keyOf({ type, id, version, updatedAt }: StoredRow | HistoryRow): string {
  return `${type}/${id}/${version}/${updatedAt.getTime()}`
}

const ofStores = new WeakMap<Store, RecentTerminology>()

/** What was read lately from a database. */
export function recentTerminology(store: Store): RecentTerminology {
  let recent = ofStores.get(store)
  if (!recent) ofStores.set(store, (recent = new RecentTerminology()))
  return recent
}
