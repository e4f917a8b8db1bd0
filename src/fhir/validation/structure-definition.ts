import type { Json } from '../json.ts'

/**
 * The parts of a StructureDefinition that constrain. As they stand in packages: what a file holds
 * beyond these, and beyond what a publisher may have got wrong, is looked at where it is used.
 *
 * @see FHIR R4 § StructureDefinition, § ElementDefinition
 */
export interface StructureDefinition {
  readonly resourceType: 'StructureDefinition'
  readonly url: string
  readonly version?: string
  readonly type: string
  readonly kind: string
  readonly derivation?: 'specialization' | 'constraint'
  readonly baseDefinition?: string
  /** of an extension: where it may stand */
  readonly context?: readonly ExtensionContext[]
  readonly snapshot?: { readonly element: readonly ElementDefinition[] }
  readonly differential?: { readonly element: readonly ElementDefinition[] }
}

export interface ExtensionContext {
  readonly type: string
  readonly expression: string
}

export interface ElementDefinition {
  readonly id?: string
  readonly path: string
  readonly sliceName?: string
  readonly slicing?: Slicing
  readonly min?: number
  readonly max?: string
  readonly type?: readonly ElementType[]
  readonly contentReference?: string
  readonly maxLength?: number
  readonly binding?: { readonly strength: string; readonly valueSet?: string }
  readonly constraint?: readonly Constraint[]
  readonly [value: `${'fixed' | 'pattern' | 'minValue' | 'maxValue'}${Capitalize<string>}`]: Json | undefined
}

export interface ElementType {
  readonly code: string
  readonly profile?: readonly string[]
  readonly targetProfile?: readonly string[]
}

export interface Slicing {
  readonly discriminator?: readonly Discriminator[]
  readonly ordered?: boolean
  readonly rules?: 'closed' | 'open' | 'openAtEnd'
}

export interface Discriminator {
  readonly type: string
  readonly path: string
}

export interface Constraint {
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly human: string
  readonly expression?: string
}

const ofR4 = 'http://hl7.org/fhir/StructureDefinition/'

/** The URL of the definition of a type of R4 itself: `Patient`, `HumanName`. */
export function definitionOf(type: string): string {
  return ofR4 + type
}

/** `fixed[x]`, `pattern[x]`, `minValue[x]`, `maxValue[x]` of an element, under whatever type's name. */
export function valueOf(
  definition: ElementDefinition,
  element: 'fixed' | 'pattern' | 'minValue' | 'maxValue',
): Json | undefined {
  for (const name in definition) {
    if (name.startsWith(element) && /^[A-Z]/.test(name.slice(element.length))) {
      return definition[name as `fixed${Capitalize<string>}`]
    }
  }
  return undefined
}
