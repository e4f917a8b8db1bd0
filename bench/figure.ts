/** One row of the table. */
export interface Figure {
  readonly work: string
  readonly unit: string
  readonly figure: number
  /** the bare way, in the same run */
  readonly limit: number
  readonly ratio: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Rates from seconds: ours, and the limit's. */
export function perSecond(
  count: number,
  seconds: number,
  bareSeconds: number,
): Omit<Figure, 'work' | 'unit'> {
  return { figure: count / seconds, limit: count / bareSeconds, ratio: bareSeconds / seconds }
}

export function row({ work, unit, figure, limit, ratio }: Figure): string {
  const number = (value: number) =>
    (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en')).padStart(9)
  return `${work.padEnd(62)} ${number(figure)} ${unit}   limit ${number(limit)}   ratio ${ratio.toFixed(2)}`
}

/** Seconds that some work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}
