import { FhirError, issue } from '../fhir/outcome.ts'
import type { Context } from './context.ts'
import { pageParameter, type Page } from './page.ts'
import type { FhirRequest, Parameter } from './request.ts'

/** Entries of a page when the caller does not say how many. */
export const defaultCount = 50
/** More is never given: a page is put together in memory. */
export const maxCount = 1000
/** A link leads on for a day: who reads on tomorrow reads another state of the base, and asks anew. */
const validForMs = 86_400_000
/** Pages that can be gone back to from a page, one after the other; each makes the link longer. */
const maxTrail = 10

/**
 * The first page of what a request asks for, or the one that its link leads to.
 *
 * @throws FhirError 400 when the link is not ours, another caller's, or was moved to another path; 410 when
 *   it is too old
 */
export function openPage(context: Context, request: FhirRequest): Page {
  const path = request.path.filter((segment) => segment !== '_search').join('/')
  const token = request.parameters.find(([name]) => name === pageParameter)?.[1]
  const form = request.parameters.filter((parameter) => !isNoFormat(parameter))
  if (token === undefined) {
    const lenient = request.prefer.handling === 'lenient'
    const parameters = request.parameters.filter(isNoFormat)
    return { path, parameters, form, cursor: [], trail: [], lenient, issuedAt: context.now().getTime() }
  }
  const others = request.parameters.filter(([name]) => name !== pageParameter)
  if (others.some(isNoFormat))
    throw FhirError.notSupported(`${pageParameter}: no other parameter can be beside it`)
  const page = context.pages.open(token, holderOf(context))
  if (page.path !== path) throw FhirError.invalid(`${pageParameter}: a page link of another search`)
  if (context.now().getTime() - page.issuedAt > validForMs) {
    throw new FhirError(410, [issue('not-found', `${pageParameter}: this link is too old, search again`)])
  }
  return { ...page, form }
}

/** Whoever got a link may follow it: no other client, person or base. */
function holderOf({ base, access: { caller } }: Context): string {
  return JSON.stringify([base, caller.clientId, caller.userId ?? null])
}

function isNoFormat([name]: Parameter): boolean {
  return name !== '_format' && name !== '_pretty'
}

export interface PageLink {
  readonly relation: 'self' | 'first' | 'previous' | 'next'
  readonly url: string
}

/**
 * `self`, with what was processed, `first` and `previous` on later pages, and `next` when there is more. What
 * is sealed in a link stays as it was given on the first page, so that following links repeats the same search.
 *
 * @param applied the parameters that took effect; absent: all of the page's
 */
export function pageLinks(
  context: Context,
  page: Page,
  next: Page['cursor'] | undefined,
  applied: readonly Parameter[] = page.parameters,
): PageLink[] {
  const { cursor, trail } = page
  const url = page.path === '' ? context.base : `${context.base}/${page.path}`
  const issuedAt = context.now().getTime()
  const form = page.form.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('')
  const sealed = (to: Pick<Page, 'cursor' | 'trail'>) =>
    `${url}?${pageParameter}=${context.pages.seal({ ...page, ...to, issuedAt }, holderOf(context))}${form}`
  const before = trail.at(-1)
  const isFirst = cursor.length === 0
  const links: PageLink[] = [{ relation: 'self', url: isFirst ? inClear(url, applied) : sealed(page) }]
  if (!isFirst) links.push({ relation: 'first', url: sealed({ cursor: [], trail: [] }) })
  if (before) links.push({ relation: 'previous', url: sealed({ cursor: before, trail: trail.slice(0, -1) }) })
  const trailOfNext = [...trail, cursor].slice(-maxTrail)
  if (next) links.push({ relation: 'next', url: sealed({ cursor: next, trail: trailOfNext }) })
  return links
}

function inClear(url: string, applied: readonly Parameter[]): string {
  const query = new URLSearchParams(
    applied.map(([name, value]): [string, string] => [name, value]),
  ).toString()
  return query === '' ? url : `${url}?${query}`
}
