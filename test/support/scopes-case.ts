import type { Json, Resource } from '../../src/fhir/json.ts'
import type { Chance } from './oracle/chance.ts'
import type { Searches } from './oracle/random-query.ts'
import type { ScopesModel } from './scopes-model.ts'
import type { ScopesWorld } from './scopes-world.ts'
import type { Answered, Asked } from './undone.ts'

/** One question to the server, and what the model of the specification says that comes of it. */
export interface Case {
  readonly asked: Asked
  readonly expected: string
  /** answers that are as good */
  readonly alike?: readonly string[]
  /** an answer in the words of `expected` */
  told(answer: Answered): string
}

export interface Making {
  readonly world: ScopesWorld
  readonly model: ScopesModel
  readonly chance: Chance
  /** what it is about */
  readonly resource: Resource
  readonly searches: Searches
}

export type Way = (making: Making) => Case | undefined

/** Nothing but the status. */
export const status = ({ status: code }: Answered) => String(code)

/** The body of a batch or transaction. */
export function bundleOf(type: string, entry: readonly object[]): Json {
  return { resourceType: 'Bundle', type, entry: entry as Json[] }
}
