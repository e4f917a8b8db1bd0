import { byCanonical } from '../../../src/fhir/definitions.ts'

/** A code with its system. */
export interface Code {
  readonly system: string
  readonly code: string
}

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface CodeSystem {
  readonly resourceType: string
  readonly content: string
  readonly concept?: readonly Concept[]
  readonly property?: readonly { readonly code: string }[]
}

interface ValueSet {
  readonly resourceType: string
  readonly compose?: {
    readonly include?: readonly {
      readonly system?: string
      readonly concept?: readonly { readonly code: string }[]
      readonly filter?: unknown
      readonly valueSet?: unknown
      readonly version?: unknown
    }[]
    readonly exclude?: unknown
  }
}

/** The concepts of a code system by nesting; undefined when it is not held whole, or nested otherwise too. */
function conceptsOf(system: string): readonly Concept[] | undefined {
  const held = byCanonical.get(system) as unknown as CodeSystem | undefined
  const isWhole = held?.resourceType === 'CodeSystem' && held.content === 'complete'
  const nestsOtherwise = held?.property?.some(({ code }) => /^(parent|child|subsumedBy)$/i.test(code))
  return isWhole && !nestsOtherwise ? (held.concept ?? []) : undefined
}

function within(concepts: readonly Concept[]): readonly Concept[] {
  return concepts.flatMap((concept) => [concept, ...within(concept.concept ?? [])])
}

/** The codes of a value set; undefined for one that takes more to tell than listing systems and codes. */
export function codesIn(valueSet: string): readonly Code[] | undefined {
  const held = byCanonical.get(valueSet) as unknown as ValueSet | undefined
  const { include = [], exclude } = held?.compose ?? {}
  if (held?.resourceType !== 'ValueSet' || include.length === 0 || exclude !== undefined) return undefined
  const parts = include.map(({ system, concept, filter, valueSet: other, version }) => {
    if (system === undefined || filter !== undefined || other !== undefined || version !== undefined)
      return undefined
    const concepts = concept ?? conceptsOf(system)
    return concepts && within(concepts as readonly Concept[]).map(({ code }) => ({ system, code }))
  })
  return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
}

/** The code and those that it stands under (`above`), or that stand under it; undefined when unknown. */
export function codesAlong({ system, code }: Code, direction: string): readonly string[] | undefined {
  const concepts = conceptsOf(system)
  const known = concepts && within(concepts)
  const self = known?.find((one) => one.code === code)
  if (!known || !self) return undefined
  const related =
    direction === 'below'
      ? within([self])
      : known.filter((one) => within([one]).some((below) => below.code === code))
  return related.map((one) => one.code)
}
