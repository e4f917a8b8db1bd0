import { resourceTypes, searchParameters, type SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import type { Chance } from './chance.ts'
import { find } from './found.ts'
import { targetsOf } from './judge-reference.ts'
import type { Parameter } from './oracle.ts'
import { canLeadTo, randomAsked } from './random-value.ts'

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

const deepest = 3

/**
 * Searches for what resources hold, at random: values as they are there or nearly, every modifier,
 * chains and reverse chains along the references that there are.
 */
export class Searches {
  private readonly resources: readonly Resource[]
  private readonly declared: ReadonlyMap<string, readonly string[]>
  private readonly base: string
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
    const resource = chance.pick(this.resources)
    const type = resource.resourceType
    const others = this.resources.filter((one) => one.resourceType === type)
    const count = chance.pick([1, 1, 1, 2, 2, 3])
    const parameters: Parameter[] = []
    for (let tries = 0; parameters.length < count && tries < 50; tries++) {
      const about = chance.happens(0.85) ? resource : chance.pick(others)
      const parameter = this.criterion(about, chance, 0)
      if (parameter) parameters.push(parameter)
    }
    return { type, parameters }
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

  private values(about: Resource, chance: Chance): Parameter | undefined {
    const parameter = chance.pick(this.parametersOf(about))
    const source = { chance, base: this.base, type: about.resourceType, parameter }
    const asked = randomAsked(about, source)
    if (!asked) return undefined
    const values = [asked.value]
    const others = this.resources.filter((one) => one.resourceType === about.resourceType)
    for (let more = chance.pick([0, 0, 0, 1, 2]); more > 0; more--) {
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

/** Whether a parameter is of one type wherever it is defined, so that its values can be read of any type. */
function isOfOneKind(key: string): boolean {
  const kinds = resourceTypes.flatMap((type) => searchParameters(type).get(key)?.type ?? [])
  return new Set(kinds).size === 1
}
