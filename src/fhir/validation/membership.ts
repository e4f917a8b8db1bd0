import { byCanonical } from '../definitions.ts'
import { isObject, type Json } from '../json.ts'
import { codeSyntax, expansion } from '../terminology/terminology.ts'

/** Whether a code is in a ValueSet: yes, no, or not to be told from what the packages hold. */
export type Membership = 'in' | 'out' | 'unknown'

/** `undefined` for the system of an element of type code, which the ValueSet decides. */
export interface Code {
  readonly system: string | undefined
  readonly code: string
}

/**
 * Whether a ValueSet holds a code. One that cannot be listed (all of LOINC) still tells that a code of
 * another system is not in it, and that any code of a system taken whole is in as far as the ValueSet
 * goes: whether LOINC has such a code is not asked.
 *
 * @param valueSet canonical URL
 * @see FHIR R4 § ValueSet, "Composition Rules"
 */
export function membership(valueSet: string, { system, code }: Code): Membership {
  const listed = expansion(valueSet)
  if (listed) return (system === undefined ? listed.codes.has(code) : listed.has(system, code)) ? 'in' : 'out'
  if (system === undefined) return bySyntax(valueSet, code)
  return composed(valueSet, { system, code }, [])
}

function bySyntax(valueSet: string, code: string): Membership {
  const syntax = codeSyntax(valueSet)
  return syntax && !syntax.test(code) ? 'out' : 'unknown'
}

interface Compose {
  readonly include?: readonly Include[]
  readonly exclude?: readonly Include[]
}

interface Include {
  readonly system?: string
  readonly concept?: readonly { readonly code: string }[]
  readonly filter?: readonly unknown[]
  readonly valueSet?: readonly string[]
}

/** @param within ValueSets around this one: a circle tells nothing */
function composed(valueSet: string, code: Code, within: readonly string[]): Membership {
  const url = valueSet.split('|')[0] ?? ''
  const held = byCanonical.get(url)
  if (held?.resourceType !== 'ValueSet' || within.includes(url)) return 'unknown'
  const compose = held['compose'] as Compose | undefined
  if (!compose) return 'unknown'
  const nested = [...within, url]
  const included = any((compose.include ?? []).map((part) => inPart(part, code, nested)))
  const excluded = any((compose.exclude ?? []).map((part) => inPart(part, code, nested)))
  if (included === 'out' || excluded === 'in') return 'out'
  return excluded === 'unknown' ? 'unknown' : included
}

/** "Within a single include, all the criteria apply." */
function inPart(part: Include, code: Code, within: readonly string[]): Membership {
  const nested = (part.valueSet ?? []).map((url) => {
    const listed = expansion(url)
    if (!listed) return composed(url, code, within)
    return listed.has(code.system, code.code) ? 'in' : 'out'
  })
  return all(part.system === undefined ? nested : [inSystem(part, code), ...nested])
}

function inSystem({ system, concept, filter }: Include, code: Code): Membership {
  if (system !== code.system) return 'out'
  if (concept) return concept.some((one) => one.code === code.code) ? 'in' : 'out'
  return filter === undefined || filter.length === 0 ? 'in' : 'unknown'
}

function any(parts: readonly Membership[]): Membership {
  if (parts.includes('in')) return 'in'
  return parts.includes('unknown') ? 'unknown' : 'out'
}

function all(parts: readonly Membership[]): Membership {
  if (parts.includes('out')) return 'out'
  return parts.includes('unknown') || parts.length === 0 ? 'unknown' : 'in'
}

/**
 * The codes that an element holds, for its binding: of a CodeableConcept each coding.
 *
 * @returns `[]` when there is none, as in a concept of text alone
 */
export function codesOf(value: Json | undefined): readonly Code[] {
  if (typeof value === 'string') return [{ system: undefined, code: value }]
  if (!isObject(value)) return []
  const { coding, code, system } = value
  if (Array.isArray(coding)) return coding.flatMap(codesOf)
  if (typeof code !== 'string') return []
  // a coding without system is in no system: '' is none
  return [{ system: typeof system === 'string' ? system : '', code }]
}
