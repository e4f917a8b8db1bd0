import type { JsonObject } from '../json.ts'
import { filterList, membersOf, type Listed, type Member } from './content.ts'
import { displayIn, textFilter } from './display.ts'

/** @see https://hl7.org/fhir/R4/valueset-operation-expand.html */
export interface ExpandOptions {
  readonly filter: string | undefined
  readonly activeOnly: boolean
  /** leaves out what only groups */
  readonly excludeNotForUI: boolean
  readonly includeDesignations: boolean
  readonly displayLanguage: string | undefined
  /** codes inside those that they are a kind of; a page, or what a text filter finds, is always flat */
  readonly nested: boolean
  readonly offset: number
  readonly count: number | undefined
}

/** What goes into `ValueSet.expansion`. */
export interface Expanded {
  /** of all pages */
  readonly total: number
  readonly contains: readonly JsonObject[]
  /** `system|version` of each code system in it whose version is known */
  readonly versions: readonly string[]
}

/** Turns the members of a ValueSet into what people choose from. */
export function expandMembers(list: Listed, options: ExpandOptions): Expanded {
  const { filter, activeOnly, excludeNotForUI, offset, count } = options
  const isFound = filter === undefined ? () => true : textFilter(filter)
  const kept = filterList(
    list,
    (member) =>
      !(activeOnly && member.concept?.inactive === true) &&
      !(excludeNotForUI && member.concept?.abstract === true) &&
      isFound(member),
  )
  const members = membersOf(kept)
  const isPage = offset > 0 || count !== undefined
  const contains =
    options.nested && !isPage && filter === undefined
      ? [...kept.values()].flatMap((ofSystem) => nest(ofSystem, options))
      : members
          .slice(offset, count === undefined ? undefined : offset + count)
          .map((member) => entryOf(member, options))
  return { total: members.length, contains, versions: versionsOf(members) }
}

function entryOf(member: Member, { includeDesignations, displayLanguage }: ExpandOptions): JsonObject {
  const { system, version, code, designation, concept } = member
  const display = displayIn(member, displayLanguage)
  return {
    system,
    ...(concept?.abstract ? { abstract: true } : {}),
    ...(concept?.inactive ? { inactive: true } : {}),
    ...(version === undefined ? {} : { version }),
    code,
    ...(display === undefined ? {} : { display }),
    ...(includeDesignations && designation.length > 0
      ? { designation: designation.map(({ language, use, value }) => present({ language, use, value })) }
      : {}),
  }
}

function present(object: { readonly [name: string]: JsonObject | string | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(object).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])))
}

/** A hierarchy may be as deep as its author likes, an answer may not. */
const deepest = 50

/** Each code once, inside the first of its parents that is there too; one of a circle stands at the top. */
function nest(ofSystem: ReadonlyMap<string, Member>, options: ExpandOptions): JsonObject[] {
  const placed = new Set<string>()
  const place = (member: Member, depth: number): JsonObject[] => {
    if (depth > deepest || placed.has(member.code)) return []
    placed.add(member.code)
    const children = [...(member.concept?.children ?? [])].flatMap((code) => ofSystem.get(code) ?? [])
    const contains = children.flatMap((child) => place(child, depth + 1))
    return [{ ...entryOf(member, options), ...(contains.length === 0 ? {} : { contains }) }]
  }
  const isRoot = ({ concept }: Member) => ![...(concept?.parents ?? [])].some((code) => ofSystem.has(code))
  const members = [...ofSystem.values()]
  return [...members.filter(isRoot), ...members].flatMap((member) => place(member, 0))
}

function versionsOf(members: readonly Member[]): string[] {
  return [
    ...new Set(
      members.flatMap(({ system, version }) => (version === undefined ? [] : [`${system}|${version}`])),
    ),
  ]
}
