/** Draws that depend on a seed alone: the same seed and stream give the same draws on every machine. */
export interface Random {
  /** uniform in [0, 1) */
  next(): number
  /** uniform among the whole numbers `low`…`high`, both included */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  /** bell-shaped, from a sum of uniform draws: never further than about 3.5 `deviation` from `mean` */
  normal(mean: number, deviation: number): number
  pick<T>(values: readonly T[]): T
  /** picks in proportion to `weight`, which must be positive for one value at least */
  weighted<T>(values: readonly T[], weight: (value: T) => number): T
}

/**
 * A stream of draws of its own for each (seed, stream): patient 70,000 is the same whether or not the
 * 69,999 before were made. The generator is sfc32, seeded by splitmix32; neither is for secrets.
 */
export function random(seed: number, stream: number): Random {
  const next = sfc32(seed, stream)
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    // twelve uniforms have variance 1; sums are exact arithmetic, so no libm rounding enters
    normal(mean, deviation) {
      let sum = -6
      for (let draw = 0; draw < 12; draw++) sum += next()
      return mean + deviation * sum
    },
    pick: (values) => present(values[integer(0, values.length - 1)]),
    weighted(values, weight) {
      let rest = next() * values.reduce((sum, value) => sum + weight(value), 0)
      const found = values.find((value) => (rest -= weight(value)) < 0)
      return present(found ?? values.findLast((value) => weight(value) > 0))
    },
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('nothing to pick from')
  return value
}

function sfc32(seed: number, stream: number): () => number {
  const word = splitmix32(seed ^ Math.imul(stream, 0x9e3779b1))
  let a = word()
  let b = word()
  let c = word()
  let counter = stream | 1
  const next = (): number => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 0x1_0000_0000
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
}
