import { parseScope } from '../../src/access/scope.ts'
import { resourceTypes } from '../../src/fhir/definitions.ts'
import type { Chance } from './oracle/chance.ts'
import type { Searches } from './oracle/random-query.ts'

/** Types that most tokens are about: they refer to each other, and there is more of them. */
const often = ['Patient', 'Observation', 'Encounter', 'Condition', 'MedicationRequest', 'DiagnosticReport']
const letters = ['cruds', 'rs', 'rs', 'r', 's', 'cu', 'cud', 'u', 'us', 'rus', 'ds', 'read', 'write', '*']

/** The scopes of one token, and the types that they are about. */
export interface RandomScopes {
  readonly scopes: string
  readonly types: readonly string[]
}

/** One to four scopes in any form: of any context, of a type or all, v1 or v2, with search parameters or none. */
export function randomScopes(searches: Searches, chance: Chance): RandomScopes {
  const scopes: string[] = []
  const types = new Set<string>()
  const count = chance.pick([1, 2, 2, 3, 3, 4])
  while (scopes.length < count) {
    const { type, text } = chance.happens(0.5) ? filtered(searches, chance, [...types]) : plain(chance)
    // what the server does not grant, a value set in a filter for one, is not asked of it
    if (parseScope(text, 'Europe/Paris') === undefined) continue
    scopes.push(text)
    types.add(type)
  }
  return { scopes: scopes.join(' '), types: [...types] }
}

function plain(chance: Chance): { type: string; text: string } {
  const type = chance.happens(0.6) ? chance.pick(often) : chance.pick(resourceTypes)
  const named = chance.happens(0.25) ? '*' : type
  return { type, text: `${contextOf(chance)}/${named}.${chance.pick(letters)}` }
}

/** @param known a type that another scope is about is taken again often: then the two are ORed */
function filtered(
  searches: Searches,
  chance: Chance,
  known: readonly string[],
): { type: string; text: string } {
  for (;;) {
    const { type, parameters } = searches.random(chance)
    const isWanted = known.length === 0 || chance.happens(0.2) || known.includes(type)
    // the time of writing is not the model's to know; a scope names what is here relative to its base
    const isKnown = parameters.every((pair) =>
      pair.every((text) => !/_sort|_lastUpdated|localhost/.test(text)),
    )
    if (!isWanted || !isKnown || parameters.length > 2) continue
    const query = parameters.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    return { type, text: `${contextOf(chance)}/${type}.${chance.pick(letters)}?${query.join('&')}` }
  }
}

function contextOf(chance: Chance): string {
  return chance.pick(['patient', 'patient', 'user', 'system'])
}
