import { demand } from '../access/access.ts'
import { cohortGroup } from '../export/patients.ts'
import { stringifyJson } from '../fhir/json.ts'
import { matches } from '../fhir/search/matches.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import type { Answer } from '../interactions/answer.ts'
import { bundleText } from '../interactions/bundle-text.ts'
import { parseOptions, type Context } from '../interactions/context.ts'
import { openPage, pageLinks } from '../interactions/page-links.ts'
import type { FhirRequest } from '../interactions/request.ts'
import type { Route } from '../interactions/route.ts'

/**
 * The one Group of a research base: the permit's cohort, which bulk clients look for to export it. It
 * is not stored; its members are the base's Patients.
 *
 * @returns undefined for everything that is not about a Group on a research base
 * @throws FhirError 403, 404
 */
export function cohortGroupAnswer(context: Context, request: FhirRequest, route: Route): Answer | undefined {
  const { access } = context
  const { interaction, type, id } = route
  if (type !== 'Group' || access.kind !== 'research') return undefined
  demand(access, 'Group', interaction === 'read' ? 'r' : 's')
  const group = cohortGroup(access.permit)
  const accessed = {
    interaction,
    type,
    outcome: 'success',
    entities: [],
    patients: [],
    parameters: [],
  } as const
  if (interaction === 'read') {
    if (id !== access.permit.id) throw FhirError.notFound('Group')
    return { status: 200, body: stringifyJson(group), accesses: [accessed] }
  }
  const page = openPage(context, request)
  const { query, applied } = parseQuery('Group', page.parameters, parseOptions(context, 'strict'))
  if (query.criteria.some(({ kind }) => kind !== 'value')) {
    throw FhirError.notSupported('chained searches and _has: not on a research base')
  }
  const found = matches(query, group, context) ? [group] : []
  const entries = query.summary === 'count' ? [] : found
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    total: found.length,
    links: pageLinks(context, page, undefined, applied),
    entries: entries.map((one) => ({
      fullUrl: `${context.base}/Group/${access.permit.id}`,
      resource: stringifyJson(one),
      search: 'match' as const,
    })),
  })
  const parameters = page.parameters.map(([name]) => name)
  return { status: 200, body, accesses: [{ ...accessed, parameters }] }
}
