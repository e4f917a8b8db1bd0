import { sounds } from '../../src/fhir/search/phonetic.ts'
import { blocksOf } from '../../src/identity/linkage/blocks.ts'
import { compare, type Grade } from '../../src/identity/linkage/compare.ts'
import { traitsOf } from '../../src/identity/linkage/traits.ts'
import type { PersonRecord } from './linkage-people.ts'

/** Pairs found, and how many are of one person, against all pairs that are. */
export interface Measure {
  readonly truePairs: number
  /** shares: of true pairs that share a block; of found pairs that are true; of true pairs that are found */
  readonly blocking: number
  readonly joined: { readonly precision: number; readonly recall: number }
  readonly certain: { readonly precision: number; readonly recall: number }
  /** pairs compared for each record */
  readonly compared: number
  /** of true pairs, by kind of mistake and grade; pairs of no block are `certainly-not` */
  readonly byMistake: ReadonlyMap<string, Readonly<Record<Grade, number>>>
}

/** Compares all that share a block. */
export function measure(records: readonly PersonRecord[]): Measure {
  const traits = records.map(({ patient }) => traitsOf(patient))
  const blocks = new Map<string, number[]>()
  const grades = new Map<number, Grade>()
  for (const [index, person] of traits.entries()) {
    for (const key of keysOf(blocksOf(person))) {
      const block = blocks.get(key) ?? []
      blocks.set(key, block)
      for (const other of block) {
        const pair = other * records.length + index
        const before = traits[other]
        if (other !== index && before && !grades.has(pair)) grades.set(pair, compare(before, person).grade)
      }
      if (block.at(-1) !== index) block.push(index)
    }
  }
  const byMistake = new Map<string, Record<Grade, number>>()
  const trues = new Map<number, Grade | undefined>()
  for (let index = 1; index < records.length; index++) {
    if (records[index]?.person !== records[index - 1]?.person) continue
    const pair = (index - 1) * records.length + index
    trues.set(pair, grades.get(pair))
    const kinds = records[index]?.mistakes ?? []
    const kind = kinds.length === 0 ? 'none' : kinds.length > 1 ? 'two of them' : String(kinds[0])
    const row = byMistake.get(kind) ?? { certain: 0, probable: 0, possible: 0, 'certainly-not': 0 }
    byMistake.set(kind, row)
    row[grades.get(pair) ?? 'certainly-not']++
  }
  const share = (wanted: readonly Grade[]) => {
    const found = [...grades].filter(([, grade]) => wanted.includes(grade))
    const right = found.filter(([pair]) => trues.has(pair)).length
    return { precision: right / found.length, recall: right / trues.size }
  }
  return {
    truePairs: trues.size,
    blocking: [...trues.values()].filter((grade) => grade !== undefined).length / trues.size,
    joined: share(['certain', 'probable']),
    certain: share(['certain']),
    compared: grades.size / records.length,
    byMistake,
  }
}

/** Names by their sounds, in either element. */
function keysOf({ ins, days, names }: ReturnType<typeof blocksOf>): string[] {
  const heard = names.map((pair) =>
    pair
      .flatMap((word) => sounds(word))
      .sort()
      .join(' '),
  )
  return [...ins, ...days, ...new Set(heard)]
}
