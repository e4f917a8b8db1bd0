import type { Released } from '../../governance/gate.ts'
import type { Page } from '../page.ts'

/** One page of matches, before it becomes a Bundle. */
export interface Found {
  readonly matched: readonly Released[]
  /** where the next page begins */
  readonly next: Page['cursor'] | undefined
  readonly total: number | undefined
}
