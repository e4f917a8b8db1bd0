import { isObject } from '../fhir/json.ts'
import { parseReference } from '../fhir/reference.ts'
import type { Release, Run } from './context.ts'

/**
 * Re-points a Reference at the pseudonym of its target; identifier, display and type stay behind.
 *
 * Relative references lose their version. An absolute one, also one that ends like ours, names a resource
 * of another server and would be taken for one of ours: it is dropped, like `urn:`, conditional and
 * logical references.
 */
export const repointed: Release = (value, run) => {
  if (!isObject(value) || typeof value['reference'] !== 'string') return undefined
  const target = parseReference(value['reference'])
  if (target.kind === 'contained') return repointedContained(target.id, run)
  if (target.kind !== 'relative' || !run.context.isReleased(target.type, target.id)) return undefined
  return { reference: `${target.type}/${run.context.pseudonym(target.type, target.id)}` }
}

/** The first reference to a contained resource takes it along, under a number for an id. */
function repointedContained(id: string, run: Run): { reference: string } | undefined {
  if (!run.renamed.has(id)) {
    const source = run.contained.get(id)
    const released = source && run.releaseContained(source, run.context)
    const renamed = released && `contained-${run.leaving.length + 1}`
    if (released && renamed) run.leaving.push({ resourceType: source.resourceType, id: renamed, ...released })
    run.renamed.set(id, renamed)
  }
  const renamed = run.renamed.get(id)
  return renamed === undefined ? undefined : { reference: `#${renamed}` }
}
