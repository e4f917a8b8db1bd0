import { nextSeal } from '../../src/identity/seal-number.ts'

describe('the number of a sealed row', () => {
  it('is never the same twice, however many rows one moment has, and rises with time', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    const times = [...Array<number>(10_000).fill(now), now - 5, now + 1, ...Array<number>(5000).fill(now + 2)]
    const numbers = times.map(nextSeal)
    expect(new Set(numbers).size).toBe(times.length)
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n))).toBe(true)
    expect(numbers.every((number) => number < 1n << 63n)).toBe(true)
  })
})
