import type { Conformance } from '../package.ts'
import { isId, parseReference } from '../reference.ts'
import { inPackages, splitCanonical, type Lookup } from './terminology.ts'

type TerminologyType = Parameters<Lookup>[0]

/** CodeSystems and ValueSets that were read from a base, beside those of the packages. */
export class StoredTerminology {
  private readonly byUrl = new Map<string, Conformance[]>()
  private readonly byId = new Map<string, Conformance>()
  private readonly base: string

  /** @param base our FHIR base URL: absolute URLs under it may name a resource by its id */
  constructor(base: string) {
    this.base = base
  }

  get size(): number {
    return this.byId.size
  }

  add(resource: Conformance): void {
    const key = `${resource.resourceType}/${String(resource['id'])}`
    if (this.byId.has(key)) return
    this.byId.set(key, resource)
    if (typeof resource.url !== 'string') return
    const url = `${resource.resourceType} ${resource.url}`
    this.byUrl.set(url, [...(this.byUrl.get(url) ?? []), resource])
  }

  /** The id in `ValueSet/123`, or in the same under our base; undefined for any other canonical. */
  idOf(type: TerminologyType, canonical: string): string | undefined {
    const reference = parseReference(canonical, this.base)
    const isHere = reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)
    if (!isHere || reference.type !== type || !isId(reference.id ?? '')) return undefined
    return reference.version === undefined ? reference.id : undefined
  }

  /**
   * Packages first: what FHIR defines is not redefined by a write. Of several stored ones the one with the
   * version that is asked for, else the latest: by its version, then by when it was written.
   */
  readonly lookup: Lookup = (type, canonical) => {
    const published = inPackages(type, canonical)
    if (published) return published
    const id = this.idOf(type, canonical)
    const named = id === undefined ? undefined : this.byId.get(`${type}/${id}`)
    if (named) return named
    const [url, version] = splitCanonical(canonical)
    const whole = this.byUrl.get(`${type} ${canonical}`) ?? []
    const split = (this.byUrl.get(`${type} ${url}`) ?? []).filter(
      (one) => version === undefined || one['version'] === version,
    )
    return [...whole, ...split].sort(later)[0]
  }
}

/** `2.10` is later than `2.9`, `2024-02` than `2024-01`; what has no version is earlier than all. */
function later(left: Conformance, right: Conformance): number {
  const keys = (of: Conformance) => [versionKey(of['version']), writtenAt(of), String(of['id'])]
  const [a, b] = [keys(left), keys(right)]
  const at = a.findIndex((key, index) => key !== b[index])
  return at < 0 ? 0 : (a[at] ?? '') > (b[at] ?? '') ? -1 : 1
}

/** Numbers padded, so that they compare as text. */
function versionKey(version: unknown): string {
  return typeof version === 'string' ? version.replace(/\d+/g, (digits) => digits.padStart(12, '0')) : ''
}

function writtenAt(resource: Conformance): string {
  const meta = resource['meta'] as { readonly lastUpdated?: unknown } | undefined
  return typeof meta?.lastUpdated === 'string' ? meta.lastUpdated : ''
}
