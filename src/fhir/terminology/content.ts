import type { Concept, Designation } from './code-system.ts'

/**
 * What a ValueSet holds, or a part of its definition. Whether a code is in it may be known where the
 * whole cannot be listed: codes that are named one by one, codes of a system that has nothing to do with it.
 */
export interface Content {
  /** undefined: what is held does not tell */
  has(system: string, code: string): boolean | undefined
  /** what is known of a code that is in it; of any other it says nothing to rely on */
  member(system: string, code: string): Member | undefined
  /** all of it, or why it cannot be listed */
  list(): Listed | Gap
}

/** By system, then by code, in the order in which the definition brings them up. */
export type Listed = ReadonlyMap<string, ReadonlyMap<string, Member>>

/** Why the content of a ValueSet cannot be listed. */
export type Gap =
  | 'a code system that it draws on is not held as a whole, or not in that version'
  | 'a value set that it draws on is not held, or not in that version'
  | 'it draws on itself'
  | 'a filter that cannot be evaluated'
  | 'it has no definition that can be evaluated'

/** A code of a ValueSet. */
export interface Member {
  readonly system: string
  /** that of the CodeSystem; undefined when it is not held or has none */
  readonly version: string | undefined
  readonly code: string
  readonly display: string | undefined
  readonly designation: readonly Designation[]
  /** what the CodeSystem says of it; undefined when that is not held */
  readonly concept: Concept | undefined
}

export function isGap(list: Listed | Gap): list is Gap {
  return typeof list === 'string'
}

/** The member of a system and code. */
export function memberOf(list: Listed, system: string, code: string): Member | undefined {
  return list.get(system)?.get(code)
}

/** The members in order. */
export function membersOf(list: Listed): Member[] {
  return [...list.values()].flatMap((ofSystem) => [...ofSystem.values()])
}

/** In one of them: where two have a member, the first tells what it is called. */
export function union(parts: readonly Content[]): Content {
  return {
    has: (system, code) => anyOf(parts.map((part) => part.has(system, code))),
    member: (system, code) => parts.find((part) => part.has(system, code) === true)?.member(system, code),
    list: () => merge(parts.map((part) => part.list())),
  }
}

/** In all of them; in nothing when there is none. */
export function intersection(parts: readonly Content[]): Content {
  return {
    has: (system, code) => parts.length > 0 && allOf(parts.map((part) => part.has(system, code))),
    member: (system, code) => parts[0]?.member(system, code),
    list: () => {
      const lists = parts.map((part) => part.list())
      const gap = lists.find(isGap)
      if (gap !== undefined) return gap
      const [first = new Map<string, ReadonlyMap<string, Member>>(), ...others] = lists as Listed[]
      return filterList(first, ({ system, code }) =>
        others.every((other) => memberOf(other, system, code) !== undefined),
      )
    },
  }
}

export function difference(from: Content, without: Content): Content {
  return {
    has: (system, code) => allOf([from.has(system, code), opposite(without.has(system, code))]),
    member: (system, code) => from.member(system, code),
    list: () => {
      const [list, taken] = [from.list(), without.list()]
      if (isGap(list)) return list
      if (isGap(taken)) return taken
      return filterList(list, ({ system, code }) => memberOf(taken, system, code) === undefined)
    },
  }
}

export function filterList(list: Listed, keep: (member: Member) => boolean): Listed {
  return new Map(
    [...list].map(([system, ofSystem]) => [
      system,
      new Map([...ofSystem].filter(([, member]) => keep(member))),
    ]),
  )
}

/** The content that a list is. */
export function contentOfList(list: () => Listed): Content {
  const member = (system: string, code: string) => memberOf(list(), system, code)
  return { has: (system, code) => member(system, code) !== undefined, member, list }
}

/** A list of members. */
export function listed(members: Iterable<Member>): Listed {
  const list = new Map<string, Map<string, Member>>()
  for (const member of members) put(list, member)
  return list
}

function merge(lists: readonly (Listed | Gap)[]): Listed | Gap {
  const all = new Map<string, Map<string, Member>>()
  for (const list of lists) {
    if (isGap(list)) return list
    for (const member of membersOf(list)) put(all, member)
  }
  return all
}

function put(list: Map<string, Map<string, Member>>, member: Member): void {
  let ofSystem = list.get(member.system)
  if (!ofSystem) list.set(member.system, (ofSystem = new Map<string, Member>()))
  if (!ofSystem.has(member.code)) ofSystem.set(member.code, member)
}

// Kleene's logic: what is not known stays so, unless the rest decides.

type Truth = boolean | undefined

function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true
  return truths.includes(undefined) ? undefined : false
}

function allOf(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false
  return truths.includes(undefined) ? undefined : true
}

function opposite(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}
