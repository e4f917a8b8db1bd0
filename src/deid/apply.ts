import { isResourceType } from '../fhir/definitions.ts'
import { isObject, type JsonObject, type Resource } from '../fhir/json.ts'
import { codes } from '../fhir/terminology/terminology.ts'
import { compile, type ReleasedType } from './compile.ts'
import type { RefusalReason, ReleaseContext, Run } from './context.ts'
import { containable, tables } from './rules.ts'

export type { RefusalReason, ReleaseContext } from './context.ts'

const releasedTypes: ReadonlyMap<string, ReleasedType> = new Map(
  Object.entries(tables).map(([type, table]) => [type, compile(type, table)]),
)

/** The resource types that have a table, and so can leave at all. */
export const releasableTypes: ReadonlySet<string> = new Set(releasedTypes.keys())

/** The system of the tag that names the permit a resource was released under. */
export const permitTagSystem = 'urn:coffre:permit'
const observationValue = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'
const languages = codes('http://hl7.org/fhir/ValueSet/languages') ?? new Set<string>()

/**
 * De-identifies one resource for one permit: default deny, by the tables of `rules.ts`.
 *
 * The same input and context give the same output, for ever; the input is not altered and shares no
 * object with the output but immutable `Decimal`s. `meta` holds `PSEUDED`, the permit, and `SUBSETTED`
 * when the permit names elements; version and time are left to who sends it.
 *
 * @returns the released resource, or why it cannot leave
 * @see PRIVACY, section C
 */
export function deidentify(
  resource: Resource,
  context: ReleaseContext,
): { readonly released: Resource } | { readonly refused: RefusalReason } {
  const { resourceType: type, id } = resource
  const released = releasedTypes.get(type)
  if (!released) return refusal('no-rules', isResourceType(type) ? type : 'Resource')
  if (typeof id !== 'string') return refusal('mandatory-element', `${type}.id`)
  if (type === 'Patient' && !context.isReleased(type, id))
    return refusal('subject-not-released', 'Patient.id')
  const run = newRun(context, containedIn(resource))
  const elements = releaseElements(resource, released, run, context.elements)
  if (run.refused) return { refused: run.refused }
  return {
    released: {
      resourceType: type,
      id: context.pseudonym(type, id),
      meta: meta(context),
      ...languageOf(resource),
      ...(run.leaving.length > 0 ? { contained: run.leaving } : {}),
      ...elements,
    },
  }
}

/** All that leaves of a contained resource but its id; undefined when it is refused, which its container is not. */
function releaseContained(resource: Resource, context: ReleaseContext): JsonObject | undefined {
  const released = releasedTypes.get(resource.resourceType)
  if (!released || !containable.has(resource.resourceType)) return undefined
  const run = newRun(context, new Map())
  const elements = releaseElements(resource, released, run, undefined)
  return run.refused ? undefined : { ...languageOf(resource), ...elements }
}

function newRun(context: ReleaseContext, contained: ReadonlyMap<string, Resource>): Run {
  return { context, contained, releaseContained, renamed: new Map(), leaving: [], refused: undefined }
}

/**
 * The elements of the table that are there, in its order.
 *
 * @param approved the elements a permit names; what a resource is about is looked at all the same
 */
function releaseElements(
  resource: Resource,
  { elements, required }: ReleasedType,
  run: Run,
  approved: readonly string[] | undefined,
): JsonObject {
  const type = resource.resourceType
  if ('modifierExtension' in resource) run.refused ??= { reason: 'modifier-extension', path: type }
  const kept: JsonObject = {}
  for (const element of elements) {
    const source = resource[element.name]
    if (source === undefined) continue
    const isApproved = !approved || element.always || element.names.some((name) => approved.includes(name))
    if (!isApproved && !element.isAbout) continue
    const value = element.release(source, run)
    if (value !== undefined && isApproved) kept[element.name] = value
  }
  const missing = required.find(({ names }) => !names.some((name) => name in kept))
  if (missing) run.refused ??= { reason: 'mandatory-element', path: `${type}.${missing.element}` }
  return kept
}

function containedIn(resource: Resource): ReadonlyMap<string, Resource> {
  const { contained } = resource
  if (!Array.isArray(contained)) return nothingContained
  return new Map(
    contained.flatMap((one) =>
      isObject(one) && typeof one['resourceType'] === 'string' && typeof one['id'] === 'string'
        ? [[one['id'], one as Resource] as const]
        : [],
    ),
  )
}

const nothingContained: ReadonlyMap<string, Resource> = new Map()

function languageOf({ language }: Resource): JsonObject {
  return typeof language === 'string' && languages.has(language) ? { language } : {}
}

function meta(context: ReleaseContext): JsonObject {
  // without a display: clients look for the tag as a whole, the Bulk Data Test suite for one
  const subsetted = { system: observationValue, code: 'SUBSETTED' }
  return {
    security: [{ system: observationValue, code: 'PSEUDED', display: 'pseudonymized' }],
    tag: [{ system: permitTagSystem, code: context.permit }, ...(context.elements ? [subsetted] : [])],
  }
}

function refusal(reason: RefusalReason['reason'], path: string): { readonly refused: RefusalReason } {
  return { refused: { reason, path } }
}
