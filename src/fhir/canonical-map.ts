import type { Conformance, Held } from './package.ts'

/** The conformance resources of packages by canonical URL, each parsed when it is first looked at. */
export class CanonicalMap implements ReadonlyMap<string, Conformance> {
  private readonly held: ReadonlyMap<string, Held>

  /** @param all where two have one URL, the last counts */
  constructor(all: readonly Held[]) {
    this.held = new Map(all.flatMap((one) => (one.url === undefined ? [] : [[one.url, one] as const])))
  }

  get size(): number {
    return this.held.size
  }

  has(url: string): boolean {
    return this.held.has(url)
  }

  get(url: string): Conformance | undefined {
    return this.held.get(url)?.read()
  }

  keys(): MapIterator<string> {
    return this.held.keys()
  }

  *entries(): Generator<[string, Conformance], undefined> {
    for (const [url, one] of this.held) yield [url, one.read()]
  }

  *values(): Generator<Conformance, undefined> {
    for (const one of this.held.values()) yield one.read()
  }

  [Symbol.iterator](): Generator<[string, Conformance], undefined> {
    return this.entries()
  }

  forEach(visit: (resource: Conformance, url: string, map: ReadonlyMap<string, Conformance>) => void): void {
    for (const [url, resource] of this.entries()) visit(resource, url, this)
  }
}
