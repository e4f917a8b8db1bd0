import type { IndexValue } from '../../src/fhir/search/index-value.ts'
import { BlindIndex } from '../../src/identity/blind-index.ts'
import { parts } from '../../src/identity/blind-key.ts'
import { stringForms } from '../../src/identity/blind-string.ts'
import { Keyring } from '../../src/identity/keyring.ts'

const index = new BlindIndex(keyring(), 'Europe/Paris')
const rows = Array.from({ length: 2_000 }, (_, n) => `row-${n}`)

function keyring(): Keyring {
  const root = Buffer.alloc(32, 7)
  return new Keyring(root, new Map([[1, Buffer.alloc(32, 8)]]))
}

function tokens(id: string, value: IndexValue): string {
  return index.tokens('Patient', id, value).slice(1).map(String).sort().join()
}

describe('The blind index of a name', () => {
  it('has other numbers in each part of the rows: a known person tells of no more than one part', () => {
    const name: IndexValue = { parameter: 'family', kind: 'string', text: 'Martin' }
    const groups = new Map<string, number>()
    for (const id of rows) groups.set(tokens(id, name), (groups.get(tokens(id, name)) ?? 0) + 1)
    expect(groups.size).toBe(parts)
    expect(Math.max(...groups.values())).toBeLessThan((2 * rows.length) / parts)
  })

  it('shares no number between two parts', () => {
    const name: IndexValue = { parameter: 'family', kind: 'string', text: 'Martin' }
    const lists = new Set(rows.map((id) => tokens(id, name)))
    const all = [...lists].flatMap((list) => list.split(','))
    expect(new Set(all).size).toBe(all.length)
  })

  it('keeps no beginning of one or two letters', () => {
    const beginnings = stringForms('Martin', true).filter((form) => form.startsWith('^'))
    expect(beginnings).toEqual(['^mar', '^mart', '^marti', '^martin'])
  })

  it('keeps so little of three letters in a row that different ones are alike', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz']
    const distinct = new Set(
      letters.flatMap((one) =>
        letters.map((other) => {
          const [, , , last = ''] = index
            .tokens('Patient', 'row-0', { parameter: 'name', kind: 'string', text: `x${one}${other}` })
            .map(String)
          return last
        }),
      ),
    )
    expect(distinct.size).toBeLessThanOrEqual(256)
  })
})
