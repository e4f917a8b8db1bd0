import type { PropertyDefinition } from '../definitions.ts'
import type { Json, JsonObject } from '../json.ts'
import { issue, type Issue, type IssueCode } from '../outcome.ts'

/** Checks a value that stands at a path. */
export type ValueCheck = (value: Json, path: string, report: Report) => void

/** Checks a member of an object; the owner is there for the sibling of `given`, `_given`. */
export type MemberCheck = (value: Json, ownerPath: string, report: Report, owner: JsonObject) => void

/** The element's name in a path: FHIRPath calls `valueQuantity` `value`. */
export function elementName(property: PropertyDefinition): string {
  return property.choice ?? property.name
}

/** More than this helps nobody, and an answer must not grow with what was sent. */
const maxIssues = 100

/**
 * What one validation has found so far, and the little it must remember across elements: which local
 * references (`#p1`) and which contained resources there are.
 */
export class Report {
  readonly issues: Issue[] = []
  private locals = new Locals()
  /** made when it is needed: most resources have nothing to note */
  private noted: Set<string> | undefined
  private errors = 0

  /** @param path FHIRPath of the element; made of element names and positions, never of values */
  add(code: IssueCode, path: string, rule: string): void {
    if (this.issues.length < maxIssues) this.issues.push(issue(code, `${path}: ${rule}`, path))
  }

  /**
   * The same for what several definitions may say of one element: once is enough. Issues that are no
   * errors have a limit of their own, so that they keep no error out.
   */
  note(severity: Issue['severity'], code: IssueCode, path: string, rule: string): void {
    const diagnostics = `${path}: ${rule}`
    this.noted ??= new Set()
    if (this.noted.has(diagnostics)) return
    const isError = severity === 'error'
    if ((isError ? this.errors : this.noted.size - this.errors) >= maxIssues) return
    if (isError) this.errors++
    this.noted.add(diagnostics)
    this.issues.push({ ...issue(code, diagnostics, path), severity })
  }

  /** A `Reference.reference`, canonical, url or uri that starts with `#`. */
  localReference(target: string, path: string, mustResolve: boolean): void {
    if (target === '#') this.locals.toContainer = true
    else this.locals.targets.set(target.slice(1), mustResolve ? path : undefined)
  }

  /** Runs `walk` over a resource that stands for itself: local references stay inside it. */
  insideResource(walk: () => void): void {
    const outer = this.locals
    this.locals = new Locals()
    walk()
    this.resolveLocals()
    this.locals = outer
  }

  /** Runs `walk` over a contained resource, noting its id and whether it refers to its container. */
  insideContained(id: string | undefined, path: string, walk: () => void): void {
    const before = this.locals.toContainer
    this.locals.toContainer = false
    walk()
    this.locals.contained.push({ id, path, refersToContainer: this.locals.toContainer })
    this.locals.toContainer = before
  }

  private resolveLocals(): void {
    const { contained, targets } = this.locals
    const ids = new Set(contained.map(({ id }) => id))
    for (const [target, path] of targets) {
      if (path !== undefined && !ids.has(target)) {
        this.add('invariant', path, 'a local reference must lead to a contained resource (ref-1)')
      }
    }
    for (const { id, path, refersToContainer } of contained) {
      if (refersToContainer || (id !== undefined && targets.has(id))) continue
      this.add(
        'invariant',
        path,
        'a contained resource must be referred to, or refer to its container (dom-3)',
      )
    }
  }
}

class Locals {
  /** by id, with the path of a Reference that must resolve */
  readonly targets = new Map<string, string | undefined>()
  readonly contained: { id: string | undefined; path: string; refersToContainer: boolean }[] = []
  toContainer = false
}
