import { byCanonical } from '../definitions.ts'
import type { Conformance } from '../package.ts'
import { withoutLimit, type Spend } from './budget.ts'
import { codeSystemOf, type CodeSystem } from './code-system.ts'
import { contentOf, type Sources } from './compose.ts'
import { isGap, membersOf, memberOf, type Content, type Gap } from './content.ts'

/**
 * CodeSystems and ValueSets as one graph, without a terminology server. What is not held (SNOMED CT,
 * LOINC, UCUM, MIME types) is not guessed at: it "cannot be enumerated".
 *
 * @see FHIR R4 § Terminology Module
 */
export interface Terminology {
  /** @param canonical its URL, `|` and a version behind it or not; undefined: not held in that version */
  valueSet(canonical: string): Conformance | undefined
  /** @param canonical as for `valueSet` */
  codeSystem(canonical: string): CodeSystem | undefined
  /** What a ValueSet holds, be it one of the graph's or one that a caller brings. */
  content(valueSet: Conformance): Content
}

/** Where a graph finds its resources. @param canonical with a version behind `|`, or without */
export type Lookup = (type: 'CodeSystem' | 'ValueSet', canonical: string) => Conformance | undefined

/**
 * The graph over what a lookup finds. Each ValueSet is read once.
 *
 * @param spend limits the work that its contents take, all together; they throw what it throws
 */
export function terminologyOver(lookup: Lookup, spend: Spend): Terminology {
  const contents = new Map<Conformance, Content | 'being read'>()
  const codeSystem = (canonical: string) => {
    const found = lookup('CodeSystem', canonical)
    return found && codeSystemOf(found)
  }
  const content = (valueSet: Conformance): Content | Gap => {
    const known = contents.get(valueSet)
    if (known === 'being read') return 'it draws on itself'
    if (known) return known
    contents.set(valueSet, 'being read')
    const read = remembering(contentOf(valueSet, sources))
    contents.set(valueSet, read)
    return read
  }
  const sources: Sources = {
    codeSystem,
    content: (canonical) => {
      const found = lookup('ValueSet', canonical)
      return found && content(found)
    },
    spend,
  }
  return {
    codeSystem,
    valueSet: (canonical) => lookup('ValueSet', canonical),
    content: (valueSet) => content(valueSet) as Content, // nothing is being read between two calls
  }
}

function remembering(content: Content): Content {
  let list: ReturnType<Content['list']> | undefined
  return { ...content, list: () => (list ??= content.list()) }
}

/** What the packages hold by this canonical URL, and in this version where one is named. */
export const inPackages: Lookup = (type, canonical) => {
  // the systems of HL7 version 2 have a `|` of their own: `…/v2-0006|2.4`
  const [url, version] = byCanonical.has(canonical) ? [canonical] : splitCanonical(canonical)
  const held = byCanonical.get(url)
  if (held?.resourceType !== type) return undefined
  return version === undefined || held['version'] === version ? held : undefined
}

/** @returns the URL, and the version behind its `|` */
export function splitCanonical(canonical: string): readonly [url: string, version: string | undefined] {
  const bar = canonical.indexOf('|')
  return bar < 0 ? [canonical, undefined] : [canonical.slice(0, bar), canonical.slice(bar + 1)]
}

/** The graph of the packages alone. */
export const packageTerminology: Terminology = terminologyOver(inPackages, withoutLimit)

// ---------------------------------------------------------------------------------------------

/** A ValueSet that can be listed, for checks of bindings. */
export interface Expansion {
  /** codes of any system, for an element of type `code` */
  readonly codes: ReadonlySet<string>
  readonly has: (system: string | undefined, code: string) => boolean
}

const expansions = new Map<string, Expansion | undefined>()

/**
 * The content of a ValueSet of the packages.
 *
 * @param valueSet canonical URL; a version after `|` is not looked at
 * @returns undefined when it is not held or cannot be enumerated from what is held
 */
export function expansion(valueSet: string): Expansion | undefined {
  const [url] = splitCanonical(valueSet)
  if (!expansions.has(url)) expansions.set(url, expand(url))
  return expansions.get(url)
}

function expand(url: string): Expansion | undefined {
  const held = packageTerminology.valueSet(url)
  const list = held && packageTerminology.content(held).list()
  if (list === undefined || isGap(list)) return undefined
  return {
    codes: new Set(membersOf(list).map(({ code }) => code)),
    has: (system, code) => system !== undefined && memberOf(list, system, code) !== undefined,
  }
}

/** The codes of a ValueSet whatever their system; undefined when it cannot be enumerated. */
export function codes(valueSet: string): ReadonlySet<string> | undefined {
  return expansion(valueSet)?.codes
}

/** Value sets of the required bindings that no package can list, by the form their codes have. */
const syntaxes: ReadonlyMap<string, RegExp> = new Map([
  // RFC 6838, and the short names that CapabilityStatement.format takes
  [
    'http://hl7.org/fhir/ValueSet/mimetypes',
    /^(?:xml|json|ttl|[\w.+!#$&^-]{1,127}\/[\w.+!#$&^*-]{1,127}(?:\s*;.*)?)$/,
  ],
  // RFC 5646
  ['http://hl7.org/fhir/ValueSet/all-languages', /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/],
  // ISO 4217
  ['http://hl7.org/fhir/ValueSet/currencies', /^[A-Z]{3}$/],
])

/** The syntax of the codes of a ValueSet that cannot be enumerated; undefined when none is known. */
export function codeSyntax(valueSet: string): RegExp | undefined {
  return syntaxes.get(splitCanonical(valueSet)[0])
}

/** The display of a code as its CodeSystem gives it; undefined when the packages do not hold it. */
export function display(system: string, code: string): string | undefined {
  return packageTerminology.codeSystem(system)?.concepts.get(code)?.display
}
