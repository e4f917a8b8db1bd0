/** How far long work came, for whoever waits for it. */
export interface Progress {
  /** what was read by now, of the total */
  readonly bytes: number
  readonly totalBytes: number
  readonly accepted: number
  readonly refused: number
}
