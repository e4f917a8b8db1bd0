import type { PropertyDefinition } from '../definitions.ts'
import type { IndexValue } from './index-value.ts'
import type { Json, Resource } from '../json.ts'

/** What values are read against, and where they go. */
export interface Extraction {
  /** IANA name, for dates without an offset */
  readonly zone: string
  /** our FHIR base URL: absolute references under it are local */
  readonly base: string | undefined
  /** what the values are parts of */
  readonly resource: Resource
  readonly found: IndexValue[]
}

/** Appends what an element means to a search parameter; nothing when it holds no value. */
export type Convert = (value: Json, extraction: Extraction) => void

/** What a converter is made for. */
export interface Purpose {
  readonly parameter: string
  /** codes are told apart by case: identifiers, ids, URIs */
  readonly caseSensitive: boolean
  /** the element, for the implicit system of a `code` */
  readonly property: PropertyDefinition | undefined
}

/** A member that should be a string. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A member that may be absent, one value or several. */
export function members(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}
