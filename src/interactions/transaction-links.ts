import { isResourceType } from '../fhir/definitions.ts'
import type { Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Tx } from '../store/tx.ts'
import { within } from './bundle-entry.ts'
import { findOne, parseCriteria } from './conditional.ts'
import type { Context } from './context.ts'
import { referencesOf, rewriteLinks } from './references.ts'
import type { Plan } from './transaction-plan.ts'

/**
 * Rewrites the links of a transaction's resources: those that equal another entry's `fullUrl`, or are
 * relative to the same server as it, go to the id that its resource got; conditional references
 * (`Patient?identifier=…`) go to the one resource that meets them.
 *
 * @returns the resources of the plans in their order
 * @throws FhirError 412 when a conditional reference leads to none or to several
 * @see FHIR R4 § RESTful API, 3.1.0.11.2; § Bundle, "Resolving references in Bundles"
 */
export async function resolveLinks(tx: Tx, context: Context, plans: readonly Plan[]): Promise<Resource[]> {
  const targets = targetsOf(plans)
  const conditional = await conditionalTargets(tx, context, plans)
  return plans.map(({ step: { entry, resource: given }, write }) => {
    const resource = write?.resource ?? given
    if (!resource) throw new TypeError('a plan writes a resource')
    const server = serverOf(entry.fullUrl)
    return rewriteLinks(resource, (link, kind) => {
      const found = targets.get(link)
      if (found !== undefined || kind === 'uri') return found
      return conditional.get(link) ?? (server === undefined ? undefined : targets.get(`${server}/${link}`))
    })
  })
}

/**
 * `Type/id` as it will be, by the `fullUrl` it goes by in the Bundle.
 *
 * @throws FhirError 400 when two resources go by one: a link to it would lead to either
 * @see FHIR R4 § Bundle, bdl-7
 */
function targetsOf(plans: readonly Plan[]): Map<string, string> {
  const targets = new Map<string, string>()
  for (const { step, write, existing } of plans) {
    const { fullUrl, index } = step.entry
    if (fullUrl === undefined) continue
    const { type, id } = write ?? existing
    const target = `${type}/${id}`
    if ((targets.get(fullUrl) ?? target) !== target) {
      throw FhirError.invalid('fullUrl: given twice', `Bundle.entry[${index}].fullUrl`)
    }
    targets.set(fullUrl, target)
  }
  return targets
}

/** `http://host/fhir` of `http://host/fhir/Patient/1`: what relative references beside it are relative to. */
function serverOf(fullUrl: string | undefined): string | undefined {
  return fullUrl === undefined
    ? undefined
    : /^(https?:\/\/.+)\/[A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.exec(fullUrl)?.[1]
}

async function conditionalTargets(
  tx: Tx,
  context: Context,
  plans: readonly Plan[],
): Promise<Map<string, string>> {
  const targets = new Map<string, string>()
  for (const { step, write } of plans) {
    for (const link of write ? referencesOf(write.resource) : []) {
      const [, type = '', criteria] = /^([A-Za-z]+)\?(.+)$/.exec(link) ?? []
      if (criteria === undefined || !isResourceType(type) || targets.has(link)) continue
      await within(step.entry.index, async () => {
        const found = await findOne(tx, context, parseCriteria(context, type, criteria))
        if (!found) throw FhirError.precondition('conflict', 'a conditional reference that nothing meets')
        targets.set(link, `${type}/${found.id}`)
      })
    }
  }
  return targets
}
