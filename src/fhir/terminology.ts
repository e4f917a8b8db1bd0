import { byCanonical } from './definitions.ts'

/**
 * What the CodeSystems and ValueSets of the packages say, without a terminology server. A ValueSet
 * whose content they do not hold (SNOMED CT, UCUM, MIME types) is not guessed at: it "cannot be
 * enumerated", and only what its syntax gives away is checked.
 *
 * @see FHIR R4 § ValueSet, "Composition Rules"
 */
export interface Expansion {
  /** codes of any system, for an element of type `code` */
  readonly codes: ReadonlySet<string>
  readonly has: (system: string | undefined, code: string) => boolean
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

const expansions = new Map<string, Expansion | undefined>()

/**
 * The content of a ValueSet.
 *
 * @param valueSet canonical URL; a version after `|` is not looked at
 * @returns undefined when it is not held or cannot be enumerated from what is held
 */
export function expansion(valueSet: string): Expansion | undefined {
  const url = withoutVersion(valueSet)
  if (!expansions.has(url)) expansions.set(url, read(url))
  return expansions.get(url)
}

/** The codes of a ValueSet whatever their system; undefined when it cannot be enumerated. */
export function codes(valueSet: string): ReadonlySet<string> | undefined {
  return expansion(valueSet)?.codes
}

/** The syntax of the codes of a ValueSet that cannot be enumerated; undefined when none is known. */
export function codeSyntax(valueSet: string): RegExp | undefined {
  return syntaxes.get(withoutVersion(valueSet))
}

/** The display of a code as its CodeSystem gives it; undefined when the packages do not hold it. */
export function display(system: string, code: string): string | undefined {
  return codeSystem(system)?.get(code)?.display
}

// ---------------------------------------------------------------------------------------------

interface Include {
  readonly system?: string
  readonly concept?: readonly { readonly code: string }[]
  readonly filter?: readonly { readonly property: string; readonly op: string; readonly value: string }[]
  readonly valueSet?: readonly string[]
}

/** Systems and codes of an expansion under construction. */
type Content = Map<string, Set<string>>

function read(url: string): Expansion | undefined {
  const content = compose(url, new Set())
  if (content === undefined) return undefined
  return {
    codes: new Set([...content.values()].flatMap((ofSystem) => [...ofSystem])),
    has: (system, code) => system !== undefined && (content.get(system)?.has(code) ?? false),
  }
}

/** @param within ValueSets being composed around this one: a circle cannot be enumerated */
function compose(url: string, within: ReadonlySet<string>): Content | undefined {
  const held = byCanonical.get(url)
  if (held?.resourceType !== 'ValueSet' || within.has(url)) return undefined
  const { include = [], exclude = [] } = held.compose as { include?: Include[]; exclude?: Include[] }
  const nested = new Set([...within, url])
  const included = include.map((part) => readInclude(part, nested))
  const excluded = exclude.map((part) => readInclude(part, nested))
  if (!included.every(isDefined) || !excluded.every(isDefined)) return undefined
  const content: Content = new Map()
  for (const part of included) {
    for (const [system, found] of part)
      content.set(system, new Set([...(content.get(system) ?? []), ...found]))
  }
  for (const part of excluded) {
    for (const [system, found] of part) {
      for (const code of found) content.get(system)?.delete(code)
    }
  }
  return content
}

/** "Within a single include, all the criteria apply": system, concepts or filters, and each valueSet. */
function readInclude(part: Include, within: ReadonlySet<string>): Content | undefined {
  const parts: (Content | undefined)[] = (part.valueSet ?? []).map((url) =>
    compose(withoutVersion(url), within),
  )
  if (part.system !== undefined) {
    const found = readSystem(part.system, part)
    parts.push(found && new Map([[part.system, found]]))
  }
  return parts.every(isDefined) ? parts.reduce(intersect) : undefined
}

function intersect(left: Content, right: Content): Content {
  return new Map(
    [...left].map(([system, found]) => [
      system,
      new Set([...found].filter((code) => right.get(system)?.has(code))),
    ]),
  )
}

function readSystem(system: string, { concept, filter }: Include): Set<string> | undefined {
  if (concept) return new Set(concept.map(({ code }) => code))
  const concepts = codeSystem(system)
  if (concepts === undefined || !isComplete(system)) return undefined
  const filters = (filter ?? []).map((one) => readFilter(concepts, one))
  if (!filters.every(isDefined)) return undefined
  return new Set([...concepts.keys()].filter((code) => filters.every((accepts) => accepts(code))))
}

/** `is-a` and `descendent-of` along the hierarchy, `=` on the code itself; others are not known here. */
function readFilter(
  concepts: ReadonlyMap<string, Concept>,
  { property, op, value }: { property: string; op: string; value: string },
): ((code: string) => boolean) | undefined {
  if (property !== 'concept' && property !== 'code') return undefined
  if (op === '=') return (code) => code === value
  if (op === 'is-a') return (code) => code === value || isUnder(concepts, code, value)
  if (op === 'descendent-of') return (code) => code !== value && isUnder(concepts, code, value)
  return undefined
}

function isUnder(concepts: ReadonlyMap<string, Concept>, code: string, ancestor: string): boolean {
  const waiting = [...(concepts.get(code)?.parents ?? [])]
  const seen = new Set<string>()
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    if (parent === ancestor) return true
    if (seen.has(parent)) continue
    seen.add(parent)
    waiting.push(...(concepts.get(parent)?.parents ?? []))
  }
  return false
}

// ---------------------------------------------------------------------------------------------

interface Concept {
  readonly display: string | undefined
  /** by nesting, or by the `subsumedBy` property of the v3 code systems */
  readonly parents: readonly string[]
}

interface RawConcept {
  readonly code: string
  readonly display?: string
  readonly concept?: readonly RawConcept[]
  readonly property?: readonly { readonly code: string; readonly valueCode?: string }[]
}

const codeSystems = new Map<string, ReadonlyMap<string, Concept> | undefined>()

function codeSystem(system: string): ReadonlyMap<string, Concept> | undefined {
  if (!codeSystems.has(system)) {
    const held = byCanonical.get(system)
    const raw = held?.resourceType === 'CodeSystem' ? (held.concept as RawConcept[] | undefined) : undefined
    codeSystems.set(system, raw && new Map(flatten(raw, [])))
  }
  return codeSystems.get(system)
}

function isComplete(system: string): boolean {
  const content = byCanonical.get(system)?.content
  return content === undefined || content === 'complete'
}

function flatten(concepts: readonly RawConcept[], nestedIn: readonly string[]): [string, Concept][] {
  return concepts.flatMap(({ code, display, concept, property }) => {
    const subsumedBy = (property ?? []).flatMap((one) =>
      one.code === 'subsumedBy' && one.valueCode !== undefined ? [one.valueCode] : [],
    )
    return [
      [code, { display, parents: [...nestedIn, ...subsumedBy] }] as [string, Concept],
      ...flatten(concept ?? [], [code]),
    ]
  })
}

function withoutVersion(canonical: string): string {
  const bar = canonical.indexOf('|')
  return bar < 0 ? canonical : canonical.slice(0, bar)
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined
}
