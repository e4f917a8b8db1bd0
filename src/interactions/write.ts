import { equalJson } from '../fhir/json-equal.ts'
import { isObject, stringifyJson, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Released } from '../governance/gate.ts'
import { lock } from '../store/lock.ts'
import { currents, lastVersions, save, type LastVersion } from '../store/resources.ts'
import { nilPatient } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import { successOutcome, type Answer } from './answer.ts'
import type { Context } from './context.ts'
import { putInService } from './in-service.ts'
import { demandReached, demandWithin, nameOf, permitsAll, reached, unreached } from './judge.ts'
import type { Preferences } from './request.ts'
import { resourceOf } from './released.ts'
import { noteNewTraits } from './same-person.ts'
import { withLinksKept } from './server-links.ts'
import { demandWhole } from './summary.ts'

/** A resource on its way in, valid, under the id it shall have. */
export interface Write {
  readonly type: string
  /** outward */
  readonly id: string
  readonly resource: Resource
  readonly method: 'POST' | 'PUT'
  /** the id was made by us a moment ago: nobody has it */
  readonly fresh: boolean
  readonly ifMatch: number | undefined
  /** then it must not be this version that is there; `*`: none at all */
  readonly ifNoneMatch?: number | '*' | undefined
  /** its links are taken as they are, the server's too: it is rewritten, not sent by a client */
  readonly isRewritten?: true
}

export interface Written {
  readonly type: string
  readonly id: string
  /** internal id and patient key, for the trail */
  readonly internal: string
  readonly patient: string
  readonly version: number
  readonly updatedAt: Date
  /** there was none before, or it was deleted */
  readonly created: boolean
  /** it says what the current version says: that one stays, no new one was made */
  readonly unchanged: boolean
  /** with `id`, `meta.versionId` and `meta.lastUpdated` as they are now */
  readonly resource: Resource
}

interface Located extends Write {
  readonly internal: string
}

/**
 * Writes new versions, all of them in one pass: locks, versions, scopes, the gate, the rows. What says
 * the same as the current version makes no new one.
 *
 * @returns one for each write, in their order
 * @throws FhirError 403 when a scope does not reach the resource before or after; 404 for one that the caller
 *   does not know of, or would have to name where not all of the type is his to write; 412 on a stale
 *   If-Match; 422 for a resource that is not whole
 */
export async function writeAll(tx: Tx, context: Context, writes: readonly Write[]): Promise<Written[]> {
  for (const { resource } of writes) demandWhole(resource)
  const located = await locateAll(tx, context, writes)
  // new ids too: an export tells by the locks which writes are under way (store/writers.ts)
  const keys = located.map(keyOf)
  await lock(tx, keys)
  const last = new Map((await lastVersions(tx, keys)).map((one) => [nameOf(one), one]))
  const before = await currentVersions(tx, context, [...last.values()])
  await demandBefore(tx, context, located)
  const now = context.now()
  const versioned = located.map((write) => {
    const key = `${write.type}/${write.internal}`
    const former = before.get(key)
    return nextVersion(withLinksKept(write, former), last.get(key), former, now)
  })
  for (const one of versioned) {
    await demandWithin(tx, context, permissionFor(one), { resource: one.resource, id: one.internal })
  }
  const changed = versioned.filter(({ unchanged }) => !unchanged)
  const rows = await context.gate.admit(tx, changed)
  const patients = new Map(rows.map((row) => [`${row.type}/${row.id}`, row.patient]))
  const written = versioned.map((one) => {
    const key = `${one.type}/${one.internal}`
    return { ...one, patient: patients.get(key) ?? before.get(key)?.row.patient ?? nilPatient }
  })
  await save(tx, rows)
  for (const permission of ['c', 'u'] as const) {
    const judged = located.filter((write) => permissionFor(write) === permission)
    await demandReached(tx, context, permission, judged.map(keyOf))
  }
  await noteNewTraits(tx, written, before)
  await putInService(
    tx,
    context,
    written.filter(({ unchanged }) => !unchanged),
  )
  return written
}

function permissionFor({ fresh }: Write): 'c' | 'u' {
  return fresh ? 'c' : 'u'
}

function keyOf({ type, internal }: Located): { readonly type: string; readonly id: string } {
  return { type, id: internal }
}

async function locateAll(tx: Tx, context: Context, writes: readonly Write[]): Promise<Located[]> {
  const claimed = await context.gate.claim(tx, writes)
  return writes.map((write, index) => ({ ...write, internal: claimed[index]?.id ?? write.id }))
}

/** What is there of the resources, by `type/internal id`: looked at only where there is something. */
async function currentVersions(
  tx: Tx,
  context: Context,
  last: readonly LastVersion[],
): Promise<Map<string, Released>> {
  const there = last.filter(({ method }) => method !== 'DELETE')
  if (there.length === 0) return new Map()
  const released = await context.gate.release(tx, context.access, await currents(tx, there))
  return new Map(released.map((one) => [`${one.type}/${one.row.id}`, one]))
}

/**
 * Scopes that hold for some resources only must hold for what is there, not just for what comes. Who writes
 * under them names no new ids: an id that is free would tell it from one that somebody else's resource has.
 */
async function demandBefore(tx: Tx, context: Context, writes: readonly Located[]): Promise<void> {
  const named = writes.filter(({ type, fresh }) => !fresh && !permitsAll(context.access, type, 'u'))
  const within = new Set((await reached(tx, context, 'u', named.map(keyOf))).map(nameOf))
  const beyond = named.map(keyOf).find((key) => !within.has(nameOf(key)))
  if (beyond) throw await unreached(tx, context, beyond)
}

function nextVersion(
  write: Located,
  last: LastVersion | undefined,
  before: Released | undefined,
  now: Date,
): Located & Omit<Written, 'patient'> {
  const exists = last !== undefined && last.method !== 'DELETE'
  if (write.ifMatch !== undefined && !(exists && last.version === write.ifMatch)) {
    throw FhirError.precondition(
      'conflict',
      `${write.type}: If-Match names another version than the current one`,
    )
  }
  if (exists && (write.ifNoneMatch === '*' || write.ifNoneMatch === last.version)) {
    throw FhirError.precondition('conflict', `${write.type}: If-None-Match names what is there`)
  }
  const same = before && last && unchanged(write, last, before)
  if (same) return same
  const version = (last?.version ?? 0) + 1
  // two versions of one resource never share a time: histories are ordered by it
  const updatedAt = new Date(Math.max(now.getTime(), (last?.updatedAt.getTime() ?? 0) + 1))
  const resource = stamped(write, version, updatedAt)
  return { ...write, version, updatedAt, created: !exists, unchanged: false, resource }
}

/** @returns the current version when what comes says the same; version and time are the server's to say */
function unchanged(
  write: Located,
  { version, updatedAt }: LastVersion,
  before: Released,
): ReturnType<typeof nextVersion> | undefined {
  const resource = stamped(write, version, updatedAt)
  const isSame = stringifyJson(resource) === before.text || equalJson(resource, resourceOf(before))
  return isSame ? { ...write, version, updatedAt, created: false, unchanged: true, resource } : undefined
}

/** The resource under its id and version. `resourceType`, `id`, `meta` come first, as people expect. */
function stamped({ resource, id }: Write, version: number, updatedAt: Date): Resource {
  const { resourceType, meta, ...rest } = resource
  const kept = isObject(meta) ? meta : {}
  return {
    resourceType,
    id,
    meta: { ...kept, versionId: String(version), lastUpdated: updatedAt.toISOString() },
    ...withoutId(rest),
  }
}

function withoutId({ id: _, ...rest }: Omit<Resource, 'resourceType'>): Omit<Resource, 'resourceType'> {
  return rest
}

/** 201 or 200 with what `Prefer: return=` asks for. */
export function writtenAnswer(
  written: Written,
  interaction: 'create' | 'update' | 'patch',
  prefer: Preferences,
): Answer {
  const { type, id, internal, version, updatedAt, patient, created, resource } = written
  const answer: Answer = {
    status: created ? 201 : 200,
    version,
    lastModified: updatedAt,
    location: `${type}/${id}/_history/${version}`,
    accesses: [
      {
        interaction,
        outcome: 'success',
        type,
        entities: [{ type, id: internal, version }],
        patients: patient === nilPatient ? [] : [patient],
        parameters: [],
      },
    ],
  }
  if (prefer.return === 'minimal') return answer
  const body =
    prefer.return === 'representation'
      ? stringifyJson(resource)
      : successOutcome(`${type}: ${outcomeOf(written)}`)
  return { ...answer, body }
}

function outcomeOf({ created, unchanged }: Written): string {
  if (unchanged) return 'no change, no new version'
  return created ? 'created' : 'updated'
}
