import { demandBounded } from '../../src/interactions/search/include-limits.ts'
import { demandOrderable } from '../../src/interactions/search/ordered.ts'

const tooCostly = expect.objectContaining({
  status: 400,
  issues: [expect.objectContaining({ code: 'too-costly' })],
}) as Error

describe('a search that costs too much is refused, not cut', () => {
  it('when more than 10,000 resources would be included', () => {
    expect(() => demandBounded(10_000)).not.toThrow()
    expect(() => demandBounded(10_001)).toThrow(tooCostly)
  })

  it('when more than 10,000 matches would have to be opened for their order', () => {
    expect(() => demandOrderable(10_000)).not.toThrow()
    expect(() => demandOrderable(10_001)).toThrow(tooCostly)
  })
})
