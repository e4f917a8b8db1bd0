import { distance } from './great-circle.ts'
import type { IndexValue } from './index-value.ts'
import { matchesInterval, matchesNumber } from './match-prefix.ts'
import { normalise } from './normalise.ts'
import { FhirError } from '../outcome.ts'
import type { SearchValue, ValueCriterion } from './query.ts'
import { inUnit, ucumSystem } from './ucum.ts'

type Modifier = ValueCriterion['modifier']
type Value<Kind> = SearchValue & { readonly kind: Kind }
type Index<Kind> = IndexValue & { readonly kind: Kind }

/**
 * Whether one value of a search finds one value of a resource. Which parameter the two belong to is the
 * caller's business.
 *
 * @throws FhirError 400 `not-supported` for what nobody replaced by what it stands for: a value set, a part
 *   of a hierarchy
 * @see FHIR R4 § Search, "Search Parameter Types"
 */
export function matchesValue(value: SearchValue, index: IndexValue, modifier: Modifier): boolean {
  switch (value.kind) {
    case 'token':
      return index.kind === 'token' && matchesToken(value, index)
    case 'of-type':
      return index.kind === 'of-type' && matchesOfType(value, index)
    case 'string':
      return index.kind === 'string' && matchesString(value.text, index.text, modifier)
    case 'reference':
      return index.kind === 'reference' && matchesReference(value, index)
    case 'date':
      return index.kind === 'date' && matchesInterval(value, index)
    case 'number':
      return index.kind === 'number' && matchesNumber(value, index)
    case 'quantity':
      return index.kind === 'quantity' && matchesQuantity(value, index)
    case 'uri':
      return index.kind === 'uri' && matchesUri(value, index.uri)
    case 'near':
      return index.kind === 'position' && distance(value, index) <= value.metres
    case 'missing':
      return false
    case 'value-set':
    case 'concept':
    case 'hierarchy':
      throw FhirError.notSupported('a value set or a hierarchy cannot be asked for here')
  }
}

/** Systems exactly; codes as the index has them. A token of which nothing is known matches nothing. */
function matchesToken({ system, code }: Value<'token'>, index: Index<'token'>): boolean {
  if (code !== undefined && index.code !== code) return false
  if (system === '') return index.system === undefined
  return system === undefined || index.system === system
}

function matchesOfType({ system, code, value }: Value<'of-type'>, index: Index<'of-type'>): boolean {
  return index.system === system && index.code === code && index.value === value
}

/** "Equals or starts with", without case and accents, unless a modifier says otherwise. */
function matchesString(text: string, index: string, modifier: Modifier): boolean {
  if (modifier === 'exact') return index === text
  const [wanted, found] = [normalise(text), normalise(index)]
  return modifier === 'contains' ? found.includes(wanted) : found.startsWith(wanted)
}

function matchesReference({ type, id, url }: Value<'reference'>, index: Index<'reference'>): boolean {
  if (url !== undefined) return index.url === url
  return index.id === id && (type === undefined || index.type === type)
}

/**
 * With a system: system and code exactly, or any UCUM unit that measures the same, after conversion of
 * what is asked. Without: "the code or the unit".
 */
function matchesQuantity(value: Value<'quantity'>, index: Index<'quantity'>): boolean {
  const { system, code } = value
  if (code === undefined)
    return (system === undefined || index.system === system) && matchesNumber(value, index)
  if (system === undefined) return (index.code === code || index.unit === code) && matchesNumber(value, index)
  if (index.system !== system || index.code === undefined) return false
  if (index.code === code) return matchesNumber(value, index)
  const converted = system === ucumSystem ? inUnit(value, code, index.code) : undefined
  return converted !== undefined && matchesNumber(converted, index)
}

function matchesUri({ uri, match }: Value<'uri'>, index: string): boolean {
  if (match === 'below') return isBelow(index, uri)
  return match === 'above' ? isBelow(uri, index) : index === uri
}

/** `http://example.org/fhir/ValueSet` is below `http://example.org/fhir`, by whole segments. */
function isBelow(uri: string, above: string): boolean {
  return uri === above || uri.startsWith(above.endsWith('/') ? above : `${above}/`)
}
