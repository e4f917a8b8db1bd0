import { resourceTypes, searchParameters, type SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import type { Chance } from './chance.ts'
import { find } from './found.ts'
import { targetsOf } from './judge-reference.ts'
import type { Parameter } from './oracle.ts'
import { canLeadTo, randomAsked, type Asked } from './random-value.ts'

/** A search of one type, as it stands in a URL. */
export interface Search {
  readonly type: string
  readonly parameters: readonly Parameter[]
}

/** `source` refers to `target` by a parameter. */
interface Link {
  readonly source: Resource
  readonly code: string
  readonly target: Resource
}

interface Place {
  readonly resource: Resource
  readonly parameter: SearchParameter
}

const deepest = 3
const kinds = [
  ...['token', 'string', 'date', 'quantity', 'composite', 'token', 'string', 'date', 'quantity'],
  ...['reference', 'number', 'uri', 'special'],
] as const

/**
 * Searches for what resources hold, at random: values as they are there or nearly, every modifier,
 * chains and reverse chains along the references that there are.
 */
export class Searches {
  private readonly resources: readonly Resource[]
  private readonly declared: ReadonlyMap<string, readonly string[]>
  private readonly base: string
  /** those of types that there is more of */
  private readonly frequent: readonly Resource[]
  /** by kind of parameter, where there is something to ask for */
  private readonly places: ReadonlyMap<string, readonly Place[]>
  private readonly links: readonly Link[]

  /** @param declared codes of the search parameters that the server claims, by type */
  constructor(
    resources: readonly Resource[],
    declared: ReadonlyMap<string, readonly string[]>,
    base: string,
  ) {
    this.resources = resources
    this.declared = declared
    this.base = base
    this.frequent = resources.filter(
      ({ resourceType }) => resources.filter((one) => one.resourceType === resourceType).length > 4,
    )
    const places = resources.flatMap((resource) =>
      this.parametersOf(resource)
        .filter(({ code }) => !code.startsWith('_') && find(resource, code).length > 0)
        .map((parameter) => ({ resource, parameter })),
    )
    this.places = new Map(
      kinds.map((kind) => [kind, places.filter(({ parameter }) => parameter.type === kind)]),
    )
    const byName = new Map(resources.map((one) => [`${one.resourceType}/${String(one['id'])}`, one]))
    this.links = resources.flatMap((source) =>
      this.parametersOf(source)
        .filter(({ type }) => type === 'reference')
        .flatMap((parameter) =>
          find(source, parameter.code)
            .filter((found) => found.type === 'Reference')
            .flatMap((found) => targetsOf(found, parameter.code, base))
            .flatMap((to) => ('id' in to ? (byName.get(`${to.type}/${to.id}`) ?? []) : []))
            .filter((target) => canLeadTo(parameter, target.resourceType))
            .map((target) => ({ source, code: parameter.code, target })),
        ),
    )
  }

  /** All parameters are mostly about one resource, so that not every search is in vain. */
  random(chance: Chance): Search {
    if (chance.happens(0.3)) return this.simple(chance)
    const resource = chance.pick(chance.happens(0.3) ? this.frequent : this.resources)
    const type = resource.resourceType
    const others = this.resources.filter((one) => one.resourceType === type)
    const count = chance.pick([1, 1, 1, 1, 2, 3])
    const parameters: Parameter[] = []
    for (let tries = 0; parameters.length < count && tries < 50; tries++) {
      const about = chance.happens(0.85) ? resource : chance.pick(others)
      const parameter = this.special(about, chance) ?? this.criterion(about, chance, 0)
      if (parameter) parameters.push(parameter)
    }
    if (chance.happens(0.2)) parameters.push(['_sort', this.sort(resource, chance)])
    return { type, parameters }
  }

  /** One parameter alone, of all kinds alike: of composites, numbers and positions there are few. */
  private simple(chance: Chance): Search {
    const places = this.places.get(chance.pick(kinds)) ?? []
    for (let tries = 0; tries < 50; tries++) {
      const { resource, parameter } = chance.pick(places)
      const found = this.values(resource, chance, parameter)
      if (found) return { type: resource.resourceType, parameters: [found] }
    }
    throw new TypeError('nothing to search for')
  }

  /** In the end by id, so that there is one order alone. */
  private sort(about: Resource, chance: Chance): string {
    const keys = this.parametersOf(about).filter(
      ({ type, code }) => !/^(composite|special)$/.test(type) && code !== 'phonetic',
    )
    const some = [chance.pick(keys), ...(chance.happens(0.5) ? [chance.pick(keys)] : [])]
    const inOrder = some.map(({ code }) => (chance.happens(0.5) ? code : `-${code}`))
    return [...inOrder, '_id'].join(',')
  }

  /** `_list` and `_filter`, which only stand at the beginning. */
  private special(about: Resource, chance: Chance): Parameter | undefined {
    if (chance.happens(0.08)) return ['_filter', this.filter(about, chance, 0)]
    const lists = this.links.filter(({ source, code, target }) => {
      return source.resourceType === 'List' && code === 'item' && target.resourceType === about.resourceType
    })
    if (lists.length === 0 || chance.happens(0.8)) return undefined
    return [
      '_list',
      [chance.pick(lists), chance.pick(lists)].map(({ source }) => String(source['id'])).join(','),
    ]
  }

  private filter(about: Resource, chance: Chance, depth: number): string {
    const term = () => {
      const inner =
        depth < 2 && chance.happens(0.3) ? `(${this.filter(about, chance, depth + 1)})` : undefined
      if (inner === undefined) return this.comparison(about, chance)
      return chance.happens(0.4) ? `not ${inner}` : inner
    }
    let text = term()
    for (let more = chance.pick([0, 1, 1, 2]); more > 0; more--)
      text += ` ${chance.pick(['and', 'or'])} ${term()}`
    return text
  }

  /** `subject:Patient.name sw "x"` */
  private comparison(about: Resource, chance: Chance): string {
    const links = this.links.filter(({ source }) => source === about)
    const link = links.length > 0 && chance.happens(0.2) ? chance.pick(links) : undefined
    const of = link?.target ?? about
    const path = link ? `${link.code}:${link.target.resourceType}.` : ''
    for (let tries = 0; tries < 50; tries++) {
      const parameter = this.parameter(of, chance)
      const source = { chance, base: this.base, type: of.resourceType, parameter }
      const asked = randomAsked(of, source)
      const compared = asked && comparisonOf(parameter, asked, chance)
      if (compared !== undefined) return `${path}${parameter.code} ${compared}`
    }
    return '_id pr true'
  }

  private parametersOf({ resourceType }: Resource): readonly SearchParameter[] {
    const known = searchParameters(resourceType)
    return (this.declared.get(resourceType) ?? []).flatMap((code) => known.get(code) ?? [])
  }

  private criterion(about: Resource, chance: Chance, depth: number): Parameter | undefined {
    if (depth < deepest && chance.happens(0.12)) return this.reverseChain(about, chance, depth)
    if (depth < deepest && chance.happens(0.15)) return this.chain(about, chance, depth)
    return this.values(about, chance)
  }

  /** The type of parameter comes first: most parameters are tokens, and quantities are where it is hard. */
  private parameter(about: Resource, chance: Chance): SearchParameter {
    const all = this.parametersOf(about)
    const kind = chance.pick(kinds)
    const some = all.filter(
      ({ type, code }) => type === kind && (type === 'composite' || find(about, code).length > 0),
    )
    return chance.pick(some.length > 0 && chance.happens(0.9) ? some : all)
  }

  private values(
    about: Resource,
    chance: Chance,
    parameter = this.parameter(about, chance),
  ): Parameter | undefined {
    const source = { chance, base: this.base, type: about.resourceType, parameter }
    const asked = randomAsked(about, source)
    if (!asked) return undefined
    const values = [asked.value]
    const others = this.resources.filter((one) => one.resourceType === about.resourceType)
    for (let more = chance.pick([0, 0, 0, 0, 1, 2]); more > 0; more--) {
      const other = randomAsked(chance.pick(others), source)
      if (other?.modifier === asked.modifier) values.push(other.value)
    }
    const { code } = parameter
    return [asked.modifier === '' ? code : `${code}:${asked.modifier}`, values.join(',')]
  }

  /** `_has:Observation:patient:code=…` */
  private reverseChain(about: Resource, chance: Chance, depth: number): Parameter | undefined {
    const links = this.links.filter(({ target }) => target.resourceType === about.resourceType)
    const here = links.filter(({ target }) => target === about)
    if (links.length === 0) return undefined
    const { source, code } = chance.pick(here.length > 0 ? here : links)
    const rest = this.criterion(source, chance, depth + 1)
    return rest && [`_has:${source.resourceType}:${code}:${rest[0]}`, rest[1]]
  }

  /** `subject:Patient.name=…`, and `subject.name` where it can be nothing but this kind of parameter */
  private chain(about: Resource, chance: Chance, depth: number): Parameter | undefined {
    const links = this.links.filter(({ source }) => source === about)
    if (links.length === 0) return undefined
    const { code, target } = chance.pick(links)
    const rest = this.criterion(target, chance, depth + 1)
    if (!rest) return undefined
    const targets = searchParameters(about.resourceType).get(code)?.target ?? []
    const isFew = targets.length > 0 && targets.length < 20
    const isOpen = isFew && isOfOneKind(rest[0]) && chance.happens(0.3)
    const key = isOpen ? code : `${code}:${target.resourceType}`
    return [`${key}.${rest[0]}`, rest[1]]
  }
}

/** An operator of `_filter` and its value; undefined when no operator says it. */
function comparisonOf(
  { type }: SearchParameter,
  { modifier, value }: Asked,
  chance: Chance,
): string | undefined {
  if (modifier === 'missing') return `pr ${value}`
  const quoted = JSON.stringify(value)
  if (type === 'string') {
    return `${modifier === 'contains' ? 'co' : modifier === 'exact' ? 'eq' : 'sw'} ${quoted}`
  }
  if (modifier !== '' || value.includes(',')) return undefined
  if (!/^(date|number|quantity)$/.test(type))
    return `${type === 'reference' ? chance.pick(['eq', 're']) : 'eq'} ${quoted}`
  const [, prefix = 'eq', rest = ''] = /^([a-z]{2})?(.*)$/.exec(value) ?? []
  return `${prefix} ${chance.happens(0.5) ? rest : JSON.stringify(rest)}`
}

/** Whether a parameter is of one type wherever it is defined, so that its values can be read of any type. */
function isOfOneKind(key: string): boolean {
  const kinds = resourceTypes.flatMap((type) => searchParameters(type).get(key)?.type ?? [])
  return new Set(kinds).size === 1
}
