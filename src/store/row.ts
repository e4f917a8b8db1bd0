/** A current row: the clinical text of a resource, without identity, patients named by key. */
export interface StoredRow {
  readonly type: string
  /** internal: a Patient's key, for all other types the logical id */
  readonly id: string
  readonly patient: string
  readonly version: number
  readonly updatedAt: Date
  /** row of `identity.sealed` that completes the body; null: nothing was sealed */
  readonly seal: string | null
  readonly body: string
}

/** A version in the history; a deletion has no body. */
export interface HistoryRow extends Omit<StoredRow, 'body'> {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly body: string | null
}

/** A row with all that it is found by, as the gate makes it. */
export interface WritableRow extends StoredRow {
  readonly method: 'POST' | 'PUT'
  readonly date: Interval | undefined
  readonly quantity: Interval | undefined
  readonly tokens: readonly bigint[]
  /** dates, numbers and quantities of the parameters that have no column */
  readonly ranges: readonly Range[]
  /** parts of the resource that composite parameters ask about */
  readonly foci: readonly Focus[]
}

/** ms since the epoch for dates, the number itself otherwise; open ends are ±Infinity. */
export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Range extends Interval {
  readonly parameter: string
  /** tokens of a quantity's unit in the forms it can be asked by */
  readonly units: readonly bigint[] | undefined
}

/** One part of a resource, an `Observation.component` for one, as one composite parameter sees it. */
export interface Focus {
  /** of its components, each under the composite's code and its own place in it: see `focusParameter` */
  readonly tokens: readonly bigint[]
  /** of the components that are dates, numbers and quantities, in their order; at most two */
  readonly ranges: readonly Interval[]
}

/** The patient of rows that are in no patient's compartment. */
export const nilPatient = '00000000-0000-0000-0000-000000000000'
