import { randomBytes } from 'node:crypto'
import { KeyCache, longestKeptMs, mostKept, takeOver } from '../../src/identity/key-cache.ts'

const open = () => ({ key: takeOver(randomBytes(32)), wrapped: randomBytes(60) })

describe('unwrapped data keys', () => {
  it('are forgotten after two minutes, used or not', () => {
    let now = 0
    const cache = new KeyCache(() => now)
    cache.set('one', open())
    now = longestKeptMs - 1
    expect(cache.get('one')).toBeDefined()
    now = longestKeptMs
    expect(cache.get('one')).toBeUndefined()
    cache.set('two', open())
    expect(cache.size).toBe(1)
  })

  it('are never more than 5,000: the first ones make way', () => {
    const cache = new KeyCache(() => 0)
    for (let n = 0; n <= mostKept; n++) cache.set(String(n), open())
    expect(cache.size).toBe(mostKept)
    expect([cache.get('0'), cache.get('1')].map((one) => one !== undefined)).toEqual([false, true])
  })

  it('are forgotten at once when that is asked', () => {
    const cache = new KeyCache(() => 0)
    cache.set('one', open())
    cache.forget('one')
    expect(cache.get('one')).toBeUndefined()
  })

  it('are overwritten where they came from', () => {
    const bytes = randomBytes(32)
    const before = Buffer.from(bytes)
    const key = takeOver(bytes)
    expect(bytes).toEqual(Buffer.alloc(32))
    expect(key.export()).toEqual(before)
  })
})
