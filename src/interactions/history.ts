import { demand, restrict } from '../access/access.ts'
import type { Permission } from '../access/scope.ts'
import { waysOf } from '../access/ways.ts'
import { resourceTypes } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { interval } from '../fhir/search/interval.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import { isInstant } from '../fhir/primitive.ts'
import type { Released } from '../governance/gate.ts'
import {
  countVersions,
  history,
  versionsBefore,
  type HistoryCursor,
  type HistoryFilter,
  type HistoryScope,
  type ListedVersion,
} from '../store/history.ts'
import { lastVersion } from '../store/resources.ts'
import type { HistoryRow } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { bundleText, type EntryText } from './bundle-text.ts'
import type { Context } from './context.ts'
import { type Key, nameOf, permits, permitsAll } from './judge.ts'
import { defaultCount, maxCount, openPage, pageLinks } from './page-links.ts'
import type { Page } from './page.ts'
import { resourceOf, seen } from './released.ts'
import type { FhirRequest, Parameter } from './request.ts'
import type { InteractionCode, Route } from './route.ts'
import { withHistory } from './versions.ts'

/**
 * Versions of a resource, of all resources of a type, or of all, newest first, deletions included.
 * A version that the caller's scopes do not reach is left out. `total` is there when it costs little.
 *
 * @param request `_count`, `_since`, `_at`, or `_page` of a link
 * @throws FhirError 400, 403; 404 when the resource was never there, or not for this caller
 * @see FHIR R4 § RESTful API, "history"
 */
export async function historyOf(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  route: Route,
): Promise<Answer> {
  const { interaction, type, id } = route
  const permission = id === undefined ? 's' : 'r'
  if (type !== '') demand(context.access, type, permission)
  const page = openPage(context, request)
  const { limit, ...filter } = readParameters(page.parameters, context.zone)
  const internal = await idOf(tx, context, route)
  const scopes = await scopesOf(tx, context, route, internal)
  const found: Version[] = []
  let before = cursorOf(page)
  // versions that the caller may not see leave gaps: go on until the page is full
  for (;;) {
    const rows = await history(tx, scopes, { ...filter, before, limit: limit + 1 })
    for (const version of await versions(tx, context, rows, permission)) found.push(version)
    before = rows.length > limit ? cursor(rows.at(-1)) : undefined
    if (found.length > limit || before === undefined) break
  }
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1)?.row : undefined
  const isAll = last === undefined && page.cursor.length === 0
  const total = isAll ? shown.length : await totalOf(tx, context, { type, id: internal }, filter)
  const links = pageLinks(context, page, last && serialise(last))
  return historyAnswer(context, interaction, type, { shown, total, links })
}

/** Of one resource, counting is cheap; and right where nothing can be hidden from the caller. */
async function totalOf(
  tx: Tx,
  { access }: Context,
  { type, id }: { readonly type: string; readonly id: string | undefined },
  filter: HistoryFilter,
): Promise<number | undefined> {
  if (id === undefined || !permitsAll(access, type, 'r')) return undefined
  return countVersions(tx, { type, id }, filter)
}

interface Version {
  readonly row: ListedVersion
  readonly released: Released
}

interface Listing {
  readonly shown: readonly Version[]
  readonly total: number | undefined
  readonly links: ReturnType<typeof pageLinks>
}

function historyAnswer(
  context: Context,
  interaction: InteractionCode,
  type: string,
  { shown, total, links }: Listing,
): Answer {
  const entries = shown.map((version) => entryOf(context, version))
  const released = shown.map((version) => version.released)
  const body = bundleText({ type: 'history', now: context.now(), total, links, entries })
  return { status: 200, body, accesses: [seen(context.access, interaction, type || undefined, released)] }
}

/** The internal id of the resource that a history is of. @throws FhirError 404 */
async function idOf(tx: Tx, context: Context, { type, id }: Route): Promise<string | undefined> {
  if (id === undefined) return undefined
  const internal = await context.gate.locate(tx, context.access, type, id)
  if (internal === undefined || !(await isKnown(tx, context, { type, id: internal }))) {
    throw FhirError.notFound(type)
  }
  return internal
}

async function isKnown(tx: Tx, context: Context, key: Key): Promise<boolean> {
  if (permitsAll(context.access, key.type, 'r'))
    return (await lastVersion(tx, key.type, key.id)) !== undefined
  return (await withHistory(tx, context, 'r', [key])).size > 0
}

/** Types of which all may be seen, or those of one patient, are asked for together; others one by one. */
async function scopesOf(
  tx: Tx,
  { access, gate }: Context,
  { type }: Route,
  id: string | undefined,
): Promise<HistoryScope[]> {
  const permission = id === undefined ? 's' : 'r'
  const types = (type === '' ? resourceTypes : [type]).filter(
    (one) => waysOf(access, one, permission).length > 0,
  )
  const whole = types.filter((one) => permitsAll(access, one, permission))
  const ofPatient: string[] = []
  const scopes: HistoryScope[] = [{ types: whole, id }]
  for (const one of types.filter((narrow) => !whole.includes(narrow))) {
    const within = await gate.prepare(tx, restrict(access, plainQuery(one, []), permission))
    if (within.anyOf.length > 0) scopes.push({ types: [one], id, within })
    else if (ofPatient.push(one) === 1) scopes.push({ types: ofPatient, id, within })
  }
  return scopes.filter(({ types: [first] }) => first !== undefined)
}

/** Releases what can be seen. A deletion has no content: the version before it says whose it was. */
async function versions(
  tx: Tx,
  context: Context,
  rows: readonly ListedVersion[],
  permission: Permission,
): Promise<Version[]> {
  const deletions = rows.filter(({ method }) => method === 'DELETE')
  const before = new Map((await versionsBefore(tx, deletions)).map((one) => [keyOf(one, 1), one]))
  const narrow = rows.filter(({ type }) => !permitsAll(context.access, type, permission))
  const known = await withHistory(tx, context, permission, narrow)
  const bodies = rows.flatMap((row) => {
    const body = row.method === 'DELETE' ? before.get(keyOf(row)) : row
    return body && (!narrow.includes(row) || known.has(nameOf(row))) ? [{ row, body }] : []
  })
  const released = await context.gate.release(
    tx,
    context.access,
    bodies.map(({ body }) => body),
  )
  const found: Version[] = []
  for (const [index, { row }] of bodies.entries()) {
    const one = released[index]
    if (!one) throw new TypeError('care releases every row')
    const isWithin = !narrow.includes(row) || (await permits(tx, context, permission, contentOf(one)))
    if (isWithin) found.push({ row, released: { ...one, version: row.version } })
  }
  return found
}

function contentOf(one: Released) {
  return { resource: resourceOf(one), id: one.row.id }
}

function keyOf({ type, id, version }: HistoryRow, following = 0): string {
  return `${type}/${id}/${version + following}`
}

function entryOf(context: Context, { row, released }: Version): EntryText {
  const url = row.method === 'POST' ? row.type : `${row.type}/${released.id}`
  return {
    fullUrl: `${context.base}/${row.type}/${released.id}`,
    ...(row.method === 'DELETE' ? {} : { resource: released.text }),
    request: { method: row.method, url },
    response: {
      status: row.method === 'DELETE' ? '204' : row.created ? '201' : '200',
      etag: `W/"${row.version}"`,
      lastModified: row.updatedAt.toISOString(),
    },
  }
}

function readParameters(
  parameters: readonly Parameter[],
  zone: string,
): HistoryFilter & { readonly limit: number } {
  let limit = defaultCount
  let since: Date | undefined
  let at: HistoryFilter['at']
  for (const [name, value] of parameters) {
    if (name === '_count') {
      if (!/^\d{1,9}$/.test(value)) throw FhirError.invalid('_count: a whole number expected')
      limit = Math.min(Math.max(Number(value), 1), maxCount)
    } else if (name === '_since') {
      if (!isInstant(value)) throw FhirError.invalid('_since: an instant expected')
      since = new Date(value)
    } else if (name === '_at') {
      if (at !== undefined) throw FhirError.invalid('_at: given twice')
      at = readAt(value, zone)
    } else if (name !== '_format' && name !== '_pretty') {
      throw FhirError.notSupported('a parameter that a history does not have')
    }
  }
  return { limit, since, at }
}

/** "The time period specified in the date time value (see Search notes on date searching)". */
function readAt(value: string, zone: string): NonNullable<HistoryFilter['at']> {
  const [, prefix = 'eq', date = ''] = /^(eq|ge|gt|le|lt)?(\d.*)$/.exec(value) ?? []
  const [low, high] = interval(date, zone)
  switch (prefix) {
    case 'ge':
      return [low, Infinity]
    case 'gt':
      return [high, Infinity]
    case 'le':
      return [-Infinity, high]
    case 'lt':
      return [-Infinity, low]
    default:
      return [low, high]
  }
}

function cursor(row: HistoryRow | undefined): HistoryCursor | undefined {
  return row && { updatedAt: row.updatedAt, type: row.type, id: row.id, version: row.version }
}

function serialise(row: HistoryRow): (string | number)[] {
  return [row.updatedAt.getTime(), row.type, row.id, row.version]
}

function cursorOf(page: Page): HistoryCursor | undefined {
  const [at, type, id, version] = page.cursor
  if (at === undefined) return undefined
  return { updatedAt: new Date(Number(at)), type: String(type), id: String(id), version: Number(version) }
}
