import { isResourceType } from '../definitions.ts'
import type { JsonObject } from '../json.ts'
import type { Report } from './validate-report.ts'

/** `Patient/1`, `Patient/1/_history/2`, and the conditional `Patient?identifier=…` of transactions. */
const relative = /^([A-Za-z]+)(?:\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$|\?)/

/**
 * Checks what a Reference says about its target's type: in `reference`, where that is relative, and in
 * `type`. Absolute URLs, URNs and contained resources are not followed.
 *
 * @param targets types the element may point at; empty: any
 * @see FHIR R4 § References
 */
export function checkReference(
  reference: JsonObject,
  targets: ReadonlySet<string>,
  path: string,
  report: Report,
): void {
  const { reference: literal, type: stated } = reference
  let target: string | undefined
  if (typeof literal === 'string') {
    if (literal.startsWith('#')) report.localReference(literal, `${path}.reference`, true)
    target = relative.exec(literal)?.[1]
    if (target !== undefined && !isResourceType(target)) {
      return report.add('value', `${path}.reference`, 'a relative reference must name a resource type')
    }
    if (target !== undefined) checkTarget(target, targets, `${path}.reference`, report)
  }
  if (typeof stated !== 'string' || !isResourceType(stated)) return
  checkTarget(stated, targets, `${path}.type`, report)
  if (target !== undefined && target !== stated) {
    report.add('value', `${path}.type`, 'the reference leads to another type')
  }
}

function checkTarget(target: string, targets: ReadonlySet<string>, path: string, report: Report): void {
  if (targets.size === 0 || targets.has(target)) return
  report.add('value', path, `a reference to ${[...targets].join(' or ')} expected`)
}
