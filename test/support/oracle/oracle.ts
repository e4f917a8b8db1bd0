import { byCanonical, searchParameters, types, type SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import { asParameter, meetsFilter } from './filter.ts'
import { find, foundAs, membersOf, select, type Found } from './found.ts'
import { meetsDate, spanOf } from './judge-date.ts'
import { meetsNear } from './judge-near.ts'
import { extentOf, meetsNumber, meetsQuantity } from './judge-number.ts'
import { isLeadingEntry, meetsReference, targetsOf } from './judge-reference.ts'
import { meetsString, meetsToken, meetsTypedIdentifier, meetsUri, stringsOf, wordsOf } from './judge-text.ts'
import { byKeys } from './order.ts'
import { isReadable } from './readable.ts'
import { escape, split, splitEscaped, unescape } from './split.ts'
import { codesAlong, codesIn, type Code } from './terminology.ts'

/** One criterion of a search as it stands in a URL, percent-decoded. */
export type Parameter = readonly [key: string, value: string]

/**
 * FHIR's search the naive way: every criterion is asked of every resource, by the published expressions
 * and the words of the specification, and by nothing of ours but the definitions.
 *
 * It knows no refusals: what is asked must be right.
 *
 * @see FHIR R4 § Search; docs/spec-readings.md where that leaves room
 */
export class Oracle {
  private readonly resources: readonly Resource[]
  private readonly base: string
  private readonly now: number

  /** @param now milliseconds since the epoch, for `ap` on dates */
  constructor(resources: readonly Resource[], base: string, now: number) {
    this.resources = resources
    this.base = base
    this.now = now
  }

  /**
   * @returns the ids of all resources of the type that meet all of the parameters, in the order that
   *   `_sort` asks for, else of the ids
   */
  search(type: string, parameters: readonly Parameter[]): string[] {
    const sort = parameters.find(([key]) => key === '_sort')?.[1] ?? '_id'
    const criteria = parameters.filter(([key]) => key !== '_sort')
    return this.ofType(type)
      .filter((resource) => criteria.every((parameter) => this.meets(resource, parameter)))
      .sort(byKeys(sort, this.base))
      .map(({ id }) => String(id))
  }

  private ofType(type: string): readonly Resource[] {
    return this.resources.filter(({ resourceType }) => resourceType === type)
  }

  /** Whether a resource, or another version of it, meets one parameter among the resources that there are. */
  meets(resource: Resource, [key, value]: Parameter): boolean {
    if (key === '_list') return this.isListed(resource, value.split(','))
    if (key === '_filter') {
      return meetsFilter(value, (path, operator, text) =>
        this.meets(resource, [`${path}:_${operator}`, text]),
      )
    }
    const [, hasType, hasReference, hasRest] = /^_has:(\w+):([\w-]+):(.+)$/.exec(key) ?? []
    if (hasType !== undefined) {
      return this.ofType(hasType).some(
        (one) => this.leadsTo(one, hasReference ?? '', resource) && this.meets(one, [hasRest ?? '', value]),
      )
    }
    const [, code = '', modifier, rest] = /^([\w-]+)(?::([\w-]+))?(?:\.(.+))?$/.exec(key) ?? []
    if (rest !== undefined) return this.meetsChain(resource, code, modifier, [rest, value])
    const parameter = searchParameters(resource.resourceType).get(code)
    if (!parameter) throw new TypeError(`${resource.resourceType} has no ${code}`)
    if (!modifier?.startsWith('_'))
      return this.meetsValues(resource, parameter, modifier, splitEscaped(value, ','))
    // an operator of _filter, whose value has no commas between
    const [operator, one] = asParameter(modifier.slice(1), parameter.type, value)
    return this.meetsValues(resource, parameter, operator, [one])
  }

  private isListed(resource: Resource, lists: readonly string[]): boolean {
    return this.ofType('List').some(
      (list) => lists.includes(String(list['id'])) && this.leadsTo(list, 'item', resource),
    )
  }

  private leadsTo(from: Resource, code: string, to: Resource): boolean {
    return find(from, code)
      .flatMap((found) => targetsOf(found, code, this.base))
      .some((target) => 'id' in target && target.type === to.resourceType && target.id === to['id'])
  }

  /** Of the types that the reference leads to, those count that know the next parameter. */
  private meetsChain(resource: Resource, code: string, type: string | undefined, rest: Parameter): boolean {
    const next = /^[\w-]+/.exec(rest[0])?.[0] ?? ''
    return this.resources.some(
      (one) =>
        (type === undefined || one.resourceType === type) &&
        (next === '_has' || searchParameters(one.resourceType).has(next)) &&
        this.leadsTo(resource, code, one) &&
        this.meets(one, rest),
    )
  }

  private meetsValues(
    resource: Resource,
    parameter: SearchParameter,
    modifier: string | undefined,
    values: readonly string[],
  ): boolean {
    if (parameter.type === 'composite') return this.meetsComposite(resource, parameter, modifier, values)
    const there = find(resource, parameter.code).filter((found) => this.isThere(found, parameter))
    if (modifier === 'missing') return values.includes(String(there.length === 0))
    const some = there.some((found) => values.some((value) => this.judge(value, found, parameter, modifier)))
    return modifier === 'not' || modifier === 'not-in' ? !some : some
  }

  /** Whether an element holds what the parameter reads; a concept or reference in words alone does. */
  private isThere(found: Found, parameter: SearchParameter): boolean {
    if (!isReadable(parameter, found)) return false
    switch (parameter.type) {
      case 'date':
        return spanOf(found) !== undefined
      case 'number':
      case 'quantity':
        return extentOf(found) !== undefined
      case 'string':
        return stringsOf(found).length > 0
      case 'reference': {
        const { resourceType } = membersOf(found.value)
        return resourceType === undefined || isLeadingEntry(found.value as Resource, parameter.code)
      }
      default:
        return true
    }
  }

  private judge(
    value: string,
    found: Found,
    parameter: SearchParameter,
    modifier: string | undefined,
  ): boolean {
    switch (parameter.type) {
      case 'token':
        if (modifier === 'text') return meetsString(value, wordsOf(found), undefined)
        if (modifier === 'of-type') return meetsTypedIdentifier(value, found)
        return codesFor(value, modifier).some((token) => meetsToken(token, found))
      case 'string':
        return meetsString(value, stringsOf(found), modifier)
      case 'date':
        return meetsDate(value, found, this.now)
      case 'number':
        return meetsNumber(value, found)
      case 'quantity':
        return meetsQuantity(value, found)
      case 'uri':
        return meetsUri(value, found, modifier)
      case 'reference': {
        if (modifier === 'above' || modifier === 'below') {
          const targets = targetsOf(found, parameter.code, this.base)
          const along = this.along(unescape(value), modifier, [])
          return along.some((one) => meetsReference(one, targets, undefined, this.base))
        }
        if (modifier !== 'identifier')
          return meetsReference(value, targetsOf(found, parameter.code, this.base), modifier, this.base)
        const { identifier } = membersOf(found.value)
        const isKnown = found.type === 'Reference' && identifier !== undefined
        return isKnown && meetsToken(value, foundAs('Identifier', identifier))
      }
      case 'special':
        return meetsNear(value, found)
      default:
        throw new TypeError(`${parameter.type} is not judged`)
    }
  }

  /**
   * `Location/42`, and what it is part of (`above`) or what is part of it (`below`), step by step; by what
   * references say, whether or not there is such a resource.
   */
  private along(reference: string, direction: string, before: readonly string[]): readonly string[] {
    if (before.includes(reference)) return before
    const [type = ''] = reference.split('/')
    const steps = this.ofType(type).flatMap((part) =>
      find(part, partOf(type) ?? '')
        .flatMap((found) => targetsOf(found, '', this.base))
        .flatMap((to) => ('id' in to && to.type === type ? `${type}/${to.id}` : []))
        .map((whole) => ({ part: `${type}/${String(part['id'])}`, whole })),
    )
    const next = steps.flatMap(({ part, whole }) =>
      direction === 'below' ? (whole === reference ? part : []) : part === reference ? whole : [],
    )
    return next.reduce<readonly string[]>(
      (known, one) => this.along(one, direction, known),
      [...before, reference],
    )
  }

  /** One focus must meet all components; one that lacks a component has no value. */
  private meetsComposite(
    resource: Resource,
    parameter: SearchParameter,
    modifier: string | undefined,
    values: readonly string[],
  ): boolean {
    const components = componentsOf(resource.resourceType, parameter)
    const expression = parameter.expression ?? ''
    const foci = select(resource, expression)
      .map((_, index) =>
        components.map(({ parameter: one, path }) =>
          select(resource, `(${expression}).skip(${index}).take(1).select(${path})`).filter((found) =>
            this.isThere(found, one),
          ),
        ),
      )
      .filter((focus) => focus.every((founds) => founds.length > 0))
    if (modifier === 'missing') return values.includes(String(foci.length === 0))
    return foci.some((focus) =>
      values.some((value) =>
        splitEscaped(value, '$').every((part, at) => {
          const component = components[at]
          return (
            component && focus[at]?.some((found) => this.judge(part, found, component.parameter, undefined))
          )
        }),
      ),
    )
  }
}

/** The tokens that a value of a token parameter stands for: those of its value set, or along its hierarchy. */
function codesFor(value: string, modifier: string | undefined): readonly string[] {
  const asToken = ({ system, code }: Code) => `${escape(system)}|${escape(code)}`
  if (modifier === 'in' || modifier === 'not-in') return (codesIn(unescape(value)) ?? []).map(asToken)
  if (modifier !== 'above' && modifier !== 'below') return [value]
  const [system = '', code = ''] = split(value, '|')
  return (codesAlong({ system, code }, modifier) ?? []).map((one) => asToken({ system, code: one }))
}

/** The parameter by which resources of a type are part of others of it, if there is one. */
export function partOf(type: string): string | undefined {
  const element = types.get(type)?.properties.get('partOf')
  if (element?.targets.includes(type) !== true) return undefined
  return [...searchParameters(type).values()].find(({ expression }) => expression === `${type}.partOf`)?.code
}

/** What a composite is made of: parameters, and where their values are in a focus. */
export function componentsOf(
  type: string,
  { component, url }: SearchParameter,
): readonly { readonly parameter: SearchParameter; readonly path: string }[] {
  const paths = component.map(({ expression }) => expression)
  // R4 has these two the wrong way round: the target is asked for first
  if (url.endsWith('/DocumentReference-relationship')) paths.reverse()
  return component.map(({ definition }, at) => {
    const code = String(byCanonical.get(definition)?.['code'])
    const parameter = searchParameters(type).get(code)
    if (!parameter) throw new TypeError(`${type} has no component ${code}`)
    return { parameter, path: paths[at] ?? '' }
  })
}
