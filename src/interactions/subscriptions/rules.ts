import { isResourceType } from '../../fhir/definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Parameter } from '../request.ts'
import { parseParameters } from '../request.ts'

/** A Subscription, taken apart: R4's own form, or that of the R5 topic backport. */
export interface Watch {
  /** the type that it watches */
  readonly type: string
  /** criteria on it; those of several filters are ANDed */
  readonly filters: readonly (readonly Parameter[])[]
  /** canonical URL of the topic; undefined: R4's own form */
  readonly topic: string | undefined
  /** what a notification says of the resources: nothing, or their ids */
  readonly content: 'empty' | 'id-only'
  readonly endpoint: string
  /** HTTP header lines, `Name: value` */
  readonly headers: readonly string[]
  readonly heartbeatSeconds: number | undefined
  readonly timeoutSeconds: number
  /** events of one notification at most */
  readonly maxCount: number
  readonly endsAt: Date | undefined
}

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/'
const defaultTimeoutSeconds = 10
const longestTimeoutSeconds = 30
const mostEvents = 100

/** The topic of all that is created or updated in a type, at one FHIR base. */
export function topicOf(base: string, type: string): string {
  return `${base}/SubscriptionTopic/${type}`
}

/**
 * Reads a Subscription that asks to be served.
 *
 * @param base our FHIR base, whose topics these are
 * @param isAllowed whether an endpoint is one that the hospital lets this server call
 * @throws FhirError 422 for a channel, payload, topic, endpoint or criteria that this server does not serve
 * @see FHIR R4 § Subscription; Subscriptions R5 Backport 1.1 § R4
 */
export function readWatch(resource: Resource, base: string, isAllowed: (endpoint: string) => boolean): Watch {
  const channel = isObject(resource['channel']) ? resource['channel'] : {}
  if (channel['type'] !== 'rest-hook')
    throw refused('channel.type', 'rest-hook is the channel that is served')
  const endpoint = String(channel['endpoint'] ?? '')
  if (!isAllowed(endpoint))
    throw refused('channel.endpoint', 'not one of the endpoints that this server may call')
  return {
    ...readCriteria(resource, base),
    ...readPayload(channel),
    endpoint,
    headers: readHeaders(channel),
    heartbeatSeconds: numberOf(channel, 'backport-heartbeat-period'),
    timeoutSeconds: Math.min(
      numberOf(channel, 'backport-timeout') ?? defaultTimeoutSeconds,
      longestTimeoutSeconds,
    ),
    maxCount: Math.min(numberOf(channel, 'backport-max-count') ?? mostEvents, mostEvents),
    endsAt: typeof resource['end'] === 'string' ? new Date(resource['end']) : undefined,
  }
}

function readCriteria(resource: Resource, base: string): Pick<Watch, 'type' | 'filters' | 'topic'> {
  const criteria = String(resource['criteria'] ?? '')
  const filters = extensions(resource['_criteria'], 'backport-filter-criteria').map(valueOf)
  if (!criteria.startsWith(`${base}/SubscriptionTopic/`)) {
    if (/^https?:/.test(criteria)) throw refused('criteria', 'not a topic of this server')
    if (filters.length > 0) throw refused('criteria', 'filters belong to a topic')
    const { type, parameters } = parseFilter(criteria)
    return { type, filters: [parameters], topic: undefined }
  }
  const type = criteria.slice(`${base}/SubscriptionTopic/`.length)
  if (!isResourceType(type)) throw refused('criteria', 'not a topic of this server')
  const parsed = filters.map((filter) => parseFilter(String(filter), type))
  if (parsed.some((filter) => filter.type !== type)) throw refused('criteria', 'a filter on another type')
  return { type, filters: parsed.map(({ parameters }) => parameters), topic: criteria }
}

/** `Observation?code=x`; of a topic's filter `code=x` alone too. */
function parseFilter(text: string, given?: string): { type: string; parameters: Parameter[] } {
  const [, type = given, query = ''] = /^(?:([A-Za-z]+)(?:\?|$))?(.*)$/s.exec(text) ?? []
  if (type === undefined || !isResourceType(type)) throw refused('criteria', 'Type?parameters expected')
  return { type, parameters: parseParameters(query) }
}

/** Whole resources never leave by themselves: who is told fetches them, under a token. */
function readPayload(channel: JsonObject): Pick<Watch, 'content'> {
  const [content] = extensions(channel['_payload'], 'backport-payload-content').map(valueOf)
  if (content === 'id-only' || content === 'empty') {
    if (channel['payload'] === 'application/fhir+json') return { content }
    throw refused('channel.payload', 'application/fhir+json is the format of notifications')
  }
  if (content !== undefined) throw refused('channel.payload', 'full resources are not sent: id-only or empty')
  if (channel['payload'] !== undefined) {
    throw refused('channel.payload', 'resources are not sent: leave it out, or ask for id-only by a topic')
  }
  return { content: 'empty' }
}

function readHeaders(channel: JsonObject): string[] {
  const headers = Array.isArray(channel['header']) ? channel['header'].map(String) : []
  const isSound = headers.every(
    (line) => /^[A-Za-z0-9-]{1,64}: ?[\x20-\x7e]{0,4096}$/.test(line) && !ours.test(line),
  )
  if (!isSound) throw refused('channel.header', 'Name: value expected, of a header that is free to set')
  return headers
}

/** What the transport itself says. */
const ours = /^(?:host|content-|transfer-|connection|upgrade|te|trailer|expect)/i

function extensions(element: Json | undefined, name: string): JsonObject[] {
  const list = isObject(element) && Array.isArray(element['extension']) ? element['extension'] : []
  return list.filter(isObject).filter(({ url }) => url === backport + name)
}

function valueOf(extension: JsonObject): Json | undefined {
  return Object.entries(extension).find(([name]) => name.startsWith('value'))?.[1]
}

function numberOf(channel: JsonObject, name: string): number | undefined {
  const [value] = extensions(channel, name).map(valueOf)
  return typeof value === 'number' && value > 0 ? value : undefined
}

function refused(element: string, why: string): FhirError {
  return FhirError.unprocessable([issue('business-rule', `${element}: ${why}`, `Subscription.${element}`)])
}
