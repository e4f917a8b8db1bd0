import { members, text } from '../search/convert.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import type { Conformance } from '../package.ts'
import type { Spend } from './budget.ts'
import { objects, readDesignation, type CodeSystem, type Concept } from './code-system.ts'
import {
  contentOfList,
  difference,
  filterList,
  intersection,
  isGap,
  listed,
  union,
  type Content,
  type Gap,
  type Member,
} from './content.ts'
import { filterOf, type Accepts } from './filter.ts'

/** A resource that a search or a ValueSet names. `canonical` may be relative: `ValueSet/123`. */
export interface Needed {
  readonly type: 'CodeSystem' | 'ValueSet'
  readonly canonical: string
}

/** What the definition of a ValueSet names: its code systems and other value sets. */
export function drawsOn(valueSet: Conformance): Needed[] {
  const { compose } = valueSet as JsonObject
  if (!isObject(compose)) return []
  return [...objects(compose['include']), ...objects(compose['exclude'])].flatMap((part): Needed[] => {
    const valueSets = members(part['valueSet']).flatMap((canonical) => text(canonical) ?? [])
    return [
      ...systemOf(part).map((canonical) => ({ type: 'CodeSystem' as const, canonical })),
      ...valueSets.map((canonical) => ({ type: 'ValueSet' as const, canonical })),
    ]
  })
}

/** The canonical of a part's code system, in the version that it asks for. */
function systemOf(part: JsonObject): string[] {
  const [system, version] = [text(part['system']), text(part['version'])]
  return system === undefined ? [] : [version === undefined ? system : `${system}|${version}`]
}

/** Where the definition of a ValueSet finds what it names, by canonical URL, with a version or without. */
export interface Sources {
  readonly codeSystem: (canonical: string) => CodeSystem | undefined
  /** undefined: not held; a ValueSet that is being read already is a circle */
  readonly content: (valueSet: string) => Content | Gap | undefined
  readonly spend: Spend
}

/**
 * The content of a ValueSet by its `compose`; by its own `expansion` where that cannot be evaluated, for
 * a definition over a terminology that only others hold.
 *
 * @see FHIR R4 § ValueSet, "Composition Rules"
 */
export function contentOf(valueSet: Conformance, sources: Sources): Content {
  const { compose, expansion } = valueSet as JsonObject
  const given = isObject(expansion) ? ofExpansion(expansion, sources) : undefined
  if (!isObject(compose)) return given ?? unknown('it has no definition that can be evaluated')
  const composed = ofCompose(compose, sources)
  return given ? orElse(composed, given) : composed
}

function ofCompose(compose: JsonObject, sources: Sources): Content {
  const locked = compose['lockedDate'] !== undefined
  const parts = (name: 'include' | 'exclude') =>
    union(objects(compose[name]).map((part) => ofPart(part, sources, locked)))
  const content = difference(parts('include'), parts('exclude'))
  return compose['inactive'] === false ? withoutInactive(content, sources) : content
}

/** What it takes to read a part, in steps. */
const stepsOfPart = 100

/** "Within a single include, all the criteria apply": system, concepts or filters, and each valueSet. */
function ofPart(part: JsonObject, sources: Sources, locked: boolean): Content {
  sources.spend(stepsOfPart)
  const nested = members(part['valueSet']).map((canonical) => ofNested(canonical, sources, locked))
  const system = text(part['system'])
  return intersection(system === undefined ? nested : [ofSystem(part, system, sources, locked), ...nested])
}

function ofNested(canonical: Json, sources: Sources, locked: boolean): Content {
  const found = typeof canonical === 'string' ? sources.content(canonical) : undefined
  const isLater = locked && !(typeof canonical === 'string' && canonical.includes('|'))
  if (found === undefined || isLater)
    return unknown('a value set that it draws on is not held, or not in that version')
  if (typeof found === 'string') return unknown(found)
  const list = () => {
    const all = found.list()
    if (!isGap(all)) for (const ofSystem of all.values()) sources.spend(ofSystem.size)
    return all
  }
  return { ...found, list }
}

function ofSystem(part: JsonObject, url: string, sources: Sources, locked: boolean): Content {
  const system = systemOf(part).map(sources.codeSystem)[0]
  if (part['concept'] !== undefined) return ofConcepts(objects(part['concept']), url, system)
  // the version of a day long ago is not held, and another one would be a guess
  if (locked && part['version'] === undefined) return ofUnheld(url)
  return system ? ofFilters(objects(part['filter']), url, system, sources.spend) : ofUnheld(url)
}

/** Nothing is known of the system's codes, but those of others are not among them. */
function ofUnheld(url: string): Content {
  const content = unknown('a code system that it draws on is not held as a whole, or not in that version')
  return { ...content, has: (system) => (system === url ? undefined : false) }
}

function ofConcepts(raw: readonly JsonObject[], url: string, system: CodeSystem | undefined): Content {
  const list = once(() => {
    const named = raw.flatMap((one) => {
      const code = text(one['code'])
      return code === undefined ? [] : [namedMember(one, url, code, system)]
    })
    return listed(named)
  })
  return contentOfList(list)
}

/** A display and designations that the ValueSet gives come before those of the CodeSystem. */
function namedMember(raw: JsonObject, url: string, code: string, system: CodeSystem | undefined): Member {
  const concept = system?.concepts.get(code)
  const designation = objects(raw['designation']).flatMap(readDesignation)
  return {
    system: url,
    version: system?.version,
    code,
    display: text(raw['display']) ?? concept?.display,
    designation: [...designation, ...(concept?.designation ?? [])],
    concept,
  }
}

function ofFilters(raw: readonly JsonObject[], url: string, system: CodeSystem, spend: Spend): Content {
  const filters = raw.map((one) =>
    filterOf(
      system,
      {
        property: text(one['property']) ?? '',
        op: text(one['op']) ?? '',
        value: text(one['value']) ?? '',
      },
      spend,
    ),
  )
  if (!filters.every((one) => one !== undefined)) {
    const content = unknown('a filter that cannot be evaluated')
    return { ...content, has: (asked) => (asked === url ? undefined : false) }
  }
  if (!system.isComplete) return ofFragment(filters, url, system)
  const member = (asked: string, code: string) => {
    spend(1)
    const concept = asked === url ? system.concepts.get(code) : undefined
    return concept && filters.every((accepts) => accepts(concept))
      ? memberFor(concept, url, system.version)
      : undefined
  }
  const list = () => {
    spend(system.concepts.size * (filters.length + 1))
    return listed(membersWhere(filters, url, system))
  }
  return { has: (asked, code) => member(asked, code) !== undefined, member, list }
}

/** Of a part of a code system: that a code is in it can be told, that it is not cannot. */
function ofFragment(filters: readonly Accepts[], url: string, system: CodeSystem): Content {
  return {
    ...ofUnheld(url),
    has: (asked, code) => {
      if (asked !== url) return false
      return filters.length === 0 && system.concept(code) !== undefined ? true : undefined
    },
    member: (_, code) => {
      const concept = system.concept(code)
      return concept && memberFor(concept, url, system.version)
    },
  }
}

function* membersWhere(filters: readonly Accepts[], url: string, system: CodeSystem): Generator<Member> {
  for (const concept of system.concepts.values()) {
    if (filters.every((accepts) => accepts(concept))) yield memberFor(concept, url, system.version)
  }
}

function memberFor(concept: Concept, system: string, version: string | undefined): Member {
  const { code, display, designation } = concept
  return { system, version, code, display, designation, concept }
}

// ---------------------------------------------------------------------------------------------

/** An expansion that another server made, when it is there in full and its codes are told. */
function ofExpansion(expansion: JsonObject, sources: Sources): Content | undefined {
  const coded = contains(expansion).filter(({ code }) => code !== undefined)
  const { total = coded.length, offset = 0 } = expansion
  const isWhole =
    offset === 0 &&
    total === coded.length &&
    coded.every(({ system }) => typeof system === 'string') &&
    !objects(expansion['parameter']).some(({ name }) => narrowing.has(text(name) ?? ''))
  if (!isWhole) return undefined
  const list = once(() =>
    listed(
      // "included for navigational purposes, and the user cannot select the code"
      coded
        .filter(({ abstract }) => abstract !== true)
        .map((raw) => {
          const url = text(raw['system']) ?? ''
          return namedMember(raw, url, text(raw['code']) ?? '', sources.codeSystem(url))
        }),
    ),
  )
  return contentOfList(list)
}

/** Parameters by which an expansion is less than its ValueSet. */
const narrowing: ReadonlySet<string> = new Set(['filter', 'offset', 'count', 'activeOnly', 'context'])

function contains(nested: JsonObject): JsonObject[] {
  return objects(nested['contains']).flatMap((one) => [one, ...contains(one)])
}

function orElse(first: Content, second: Content): Content {
  return {
    has: (system, code) => first.has(system, code) ?? second.has(system, code),
    member: (system, code) => first.member(system, code) ?? second.member(system, code),
    list: () => {
      const list = first.list()
      return isGap(list) ? second.list() : list
    },
  }
}

/** A code whose CodeSystem is not held counts as active: nobody said otherwise. */
function withoutInactive(content: Content, sources: Sources): Content {
  return {
    has: (system, code) =>
      sources.codeSystem(system)?.concept(code)?.inactive === true ? false : content.has(system, code),
    member: (system, code) => content.member(system, code),
    list: () => {
      const list = content.list()
      return isGap(list) ? list : filterList(list, ({ concept }) => concept?.inactive !== true)
    },
  }
}

function unknown(gap: Gap): Content {
  return { has: () => undefined, member: () => undefined, list: () => gap }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
