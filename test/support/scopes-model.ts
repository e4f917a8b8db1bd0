import { compartmentParameters } from '../../src/fhir/definitions.ts'
import type { Resource } from '../../src/fhir/json.ts'
import { find } from './oracle/found.ts'
import { targetsOf } from './oracle/judge-reference.ts'
import { Oracle, type Parameter } from './oracle/oracle.ts'

/** A scope as it is written, taken apart by the words of SMART App Launch 2.2 alone. */
interface WrittenScope {
  readonly context: string
  readonly type: string
  readonly letters: string
  readonly parameters: readonly Parameter[]
}

/**
 * What a token may do, the naive way: each scope is asked of each resource. Nothing is known of databases,
 * nor of ways to reach a resource; resources that it may not see are taken out of the world, and what is
 * left is searched.
 *
 * @see SMART App Launch 2.2 § Scopes for requesting FHIR Resources
 */
export class ScopesModel {
  private readonly scopes: readonly WrittenScope[]
  private readonly patient: string
  private readonly world: readonly Resource[]
  private readonly base: string
  private readonly now: number
  private readonly oracle: Oracle

  /** @param patient logical id of the one in launch context @param world the current versions of all there is */
  constructor(scopes: string, patient: string, world: readonly Resource[], base: string, now: number) {
    this.scopes = scopes.split(' ').map(taken)
    this.patient = patient
    this.world = world
    this.base = base
    this.now = now
    this.oracle = new Oracle(world, base, now)
  }

  /** Whether any scope has this letter for this type. */
  mayAtAll(letter: string, type: string): boolean {
    return this.scopesFor(letter, type).length > 0
  }

  /** Whether the letter is given for all resources of the type. */
  mayAll(letter: string, type: string): boolean {
    return this.scopesFor(letter, type).some(
      ({ context, parameters }) => context !== 'patient' && parameters.length === 0,
    )
  }

  /** "Each scope stands alone": one of them must let this very resource through, by all that it says. */
  may(letter: string, resource: Resource): boolean {
    return this.scopesFor(letter, resource.resourceType).some(
      ({ context, parameters }) =>
        (context !== 'patient' || this.isInCompartment(resource)) &&
        parameters.every((parameter) => this.oracle.meets(resource, parameter)),
    )
  }

  /** Whether it is there for this token at all. */
  knows(resource: Resource): boolean {
    return this.may('r', resource) || this.may('s', resource)
  }

  /** What is left of the world for searches. */
  searchable(): readonly Resource[] {
    return this.world.filter((resource) => this.may('s', resource))
  }

  /** What a search finds, chains and reverse chains included: among what is searchable nothing is hidden. */
  search(type: string, parameters: readonly Parameter[]): string[] {
    return new Oracle(this.searchable(), this.base, this.now).search(type, parameters)
  }

  /** Resources that a resource refers to by a parameter, and that are searchable. */
  referredTo(resource: Resource, code: string): Resource[] {
    const names = new Set(this.leads(resource, code))
    return this.searchable().filter((one) => names.has(nameOf(one)))
  }

  /** Searchable resources of a type that refer to a resource by a parameter. */
  referring(type: string, code: string, to: Resource): Resource[] {
    return this.searchable().filter(
      (one) => one.resourceType === type && this.leads(one, code).includes(nameOf(to)),
    )
  }

  private leads(resource: Resource, code: string): string[] {
    return find(resource, code)
      .flatMap((found) => targetsOf(found, code, this.base))
      .flatMap((target) => ('id' in target ? [`${target.type}/${target.id}`] : []))
  }

  /** A Patient is in no compartment but its own: who is linked to it has a record of their own. */
  private isInCompartment(resource: Resource): boolean {
    const { resourceType: type } = resource
    if (type === 'Patient') return resource['id'] === this.patient
    return compartmentParameters('Patient', type).some((code) =>
      this.leads(resource, code).includes(`Patient/${this.patient}`),
    )
  }

  private scopesFor(letter: string, type: string): WrittenScope[] {
    return this.scopes.filter(
      (scope) => (scope.type === '*' || scope.type === type) && scope.letters.includes(letter),
    )
  }
}

export function nameOf({ resourceType, id }: Resource): string {
  return `${resourceType}/${String(id)}`
}

function taken(text: string): WrittenScope {
  const [scope = '', query] = text.split('?')
  const [context = '', rest = ''] = scope.split('/')
  const [type = '', letters = ''] = rest.split('.')
  const v2 = { read: 'rs', write: 'cud', '*': 'cruds' }[letters] ?? letters
  const parameters = query === undefined ? [] : [...new URLSearchParams(query)]
  return { context, type, letters: v2, parameters }
}
