/** How two birth dates agree. `coarse`: no more is known than the year, or the month, and that is one. */
export type DateAgreement = 'equal' | 'swapped' | 'digit' | 'coarse' | 'different'

/** Agreement of two FHIR dates of any precision; `undefined` when one is missing. */
export function dateAgreement(one: string | undefined, other: string | undefined): DateAgreement | undefined {
  if (one === undefined || other === undefined) return undefined
  // 1 January is what registries write when the day is not known: it agrees with any day of the year
  if (isPlaceholder(one) || isPlaceholder(other))
    return one.slice(0, 4) === other.slice(0, 4) ? 'coarse' : 'different'
  if (one.length < 10 || other.length < 10) {
    const known = Math.min(one.length, other.length)
    return one.slice(0, known) === other.slice(0, known) ? 'coarse' : 'different'
  }
  if (one === other) return 'equal'
  if (swapped(one) === other) return 'swapped'
  return digitsThatDiffer(one, other) === 1 ? 'digit' : 'different'
}

/** The date with day and month in each other's place; it need not exist. @param date `YYYY-MM-DD` */
export function swapped(date: string): string {
  const [year = '', month = '', day = ''] = date.split('-')
  return `${year}-${day}-${month}`
}

function isPlaceholder(date: string): boolean {
  return date.endsWith('-01-01')
}

function digitsThatDiffer(one: string, other: string): number {
  return [...one].filter((digit, index) => digit !== other[index]).length
}
