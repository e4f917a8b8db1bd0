import type { Item } from '../element-item.ts'
import type { PlainForms } from './invariant-data.ts'
import type { Resource } from '../json.ts'
import type { Profiles } from './profile-tree.ts'
import type { Report } from './validate-report.ts'

/** One validation against profiles, as all its checks see it. */
export interface Run {
  /** what was sent; a Bundle's entries resolve each other's references */
  readonly root: Resource
  readonly report: Report
  readonly profiles: Profiles
  /** true on a write: what is only a warning is not even computed */
  readonly errorsOnly: boolean
  readonly plain: PlainForms
  /** how many more invariants will be evaluated; shared with the trials that this run makes */
  readonly budget: { left: number }
  /** Checks an item against a profile; what is wrong goes into the report. */
  readonly check: (item: Item, profile: string) => void
  /** Whether it conforms; undefined when that cannot be told. Nothing is reported. */
  readonly conforms: (item: Item, profile: string) => boolean | undefined
}

/** Says what could not be checked, unless only errors count. */
export function noteUnchecked(run: Run, path: string, what: string): void {
  if (!run.errorsOnly) run.report.note('warning', 'not-supported', path, what)
}
