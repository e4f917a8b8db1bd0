import { onSearchParametersChange, searchParameters, type SearchParameter } from '../fhir/definitions.ts'

/** How a composite parameter of a type is answered. */
export type CompositePlan =
  /** its focus is the resource: the components' own parameters say all, asked together */
  | { readonly kind: 'root'; readonly components: readonly SearchParameter[] }
  /** it asks about several places, each of which another composite parameter of the type asks about */
  | { readonly kind: 'parts'; readonly of: readonly SearchParameter[] }
  /** its foci have rows of their own */
  | { readonly kind: 'foci'; readonly components: readonly SearchParameter[] }

const cache = new Map<string, CompositePlan | undefined>()

/** @returns undefined for one whose components the definitions do not tell, or that two ranges cannot hold */
export function compositePlan(type: string, parameter: SearchParameter): CompositePlan | undefined {
  const key = `${type}.${parameter.code}`
  if (!cache.has(key)) cache.set(key, planOf(type, parameter))
  return cache.get(key)
}

/** Whether rows are written for the foci of a composite. */
export function hasFoci(type: string, code: string): boolean {
  const parameter = searchParameters(type).get(code)
  return parameter?.type === 'composite' && compositePlan(type, parameter)?.kind === 'foci'
}

const rootsByType = new Map<string, readonly Root[]>()
onSearchParametersChange(() => {
  cache.clear()
  rootsByType.clear()
})

interface Root {
  readonly code: string
  readonly components: readonly string[]
}

/** The composites of a type whose focus is the resource, by code. */
function rootsOf(type: string): readonly Root[] {
  let roots = rootsByType.get(type)
  if (!roots) {
    roots = [...searchParameters(type).values()].flatMap((parameter) => {
      const plan = parameter.type === 'composite' ? compositePlan(type, parameter) : undefined
      if (plan?.kind !== 'root') return []
      return [{ code: parameter.code, components: plan.components.map(({ code }) => code) }]
    })
    rootsByType.set(type, roots)
  }
  return roots
}

/**
 * Composites that a resource does not have although it has a value for each of their parameters: those that
 * read one of them less widely than the parameter alone. `code-value-string` passes over the text of a
 * `valueCodeableConcept`, which `value-string` finds.
 *
 * @param found codes of the parameters that find something in the resource
 */
export function compositesLacking(type: string, found: ReadonlySet<string>): string[] {
  return rootsOf(type)
    .filter(({ code, components }) => !found.has(code) && components.every((one) => found.has(one)))
    .map(({ code }) => code)
}

function planOf(type: string, parameter: SearchParameter): CompositePlan | undefined {
  const foci = fociOf(type, parameter)
  if (foci.length > 1) {
    const parts = foci.map((focus) => siblingAt(type, parameter, focus))
    if (parts.every((part) => part !== undefined)) return { kind: 'parts', of: parts }
  }
  const components = componentsOf(type, parameter)
  if (components === undefined) return undefined
  if (foci.length === 1 && foci[0] === type) return { kind: 'root', components }
  return components.filter(isRange).length > 2 ? undefined : { kind: 'foci', components }
}

/** Kept as an interval, not as a token. */
export function isRange({ type }: SearchParameter): boolean {
  return type === 'date' || type === 'number' || type === 'quantity'
}

/** `Observation | Observation.component`: those of this type. */
function fociOf(type: string, { expression }: SearchParameter): string[] {
  const paths = (expression ?? '').split('|').map((path) => path.trim())
  return paths.filter((path) => path === type || path.startsWith(`${type}.`))
}

/** `component-code-value-quantity` for `Observation.component` of `combo-code-value-quantity`. */
function siblingAt(type: string, parameter: SearchParameter, focus: string): SearchParameter | undefined {
  return [...searchParameters(type).values()].find((other) => {
    const [only, ...more] = fociOf(type, other)
    return other.type === 'composite' && only === focus && more.length === 0 && isAlike(other, parameter)
  })
}

function isAlike(one: SearchParameter, other: SearchParameter): boolean {
  const expressions = ({ component }: SearchParameter) => component.map(({ expression }) => expression).join()
  return expressions(one) === expressions(other)
}

function componentsOf(type: string, { component }: SearchParameter): readonly SearchParameter[] | undefined {
  const all = [...searchParameters(type).values()]
  const found = component.map(({ definition }) => all.find(({ url }) => url === definition))
  return found.every((one) => one !== undefined) && found.length > 0 ? found : undefined
}
