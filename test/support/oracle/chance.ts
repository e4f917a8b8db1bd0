/** What a seed decides: the same seed, the same decisions. */
export interface Chance {
  /** a whole number in [0, n) */
  below(n: number): number
  /** @param probability in [0, 1] */
  happens(probability: number): boolean
  /** @throws TypeError for an empty list */
  pick<T>(list: readonly T[]): T
}

/** Mulberry32: 32 bits of state, good enough to choose test data by, and short. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    happens: (probability) => next() < probability,
    pick: (list) => {
      if (list.length === 0) throw new TypeError('nothing to pick from')
      return list[below(list.length)] as (typeof list)[number]
    },
  }
}
