import type { Client } from './server.ts'

/** The Bundle of a search, as far as tests look at it. */
export interface Searchset {
  readonly total?: number
  readonly link: { readonly relation: string; readonly url: string }[]
  readonly entry?: {
    readonly fullUrl: string
    readonly resource: { readonly resourceType: string; readonly id: string } & Record<string, unknown>
    readonly search: { readonly mode: string }
  }[]
}

/** @param query below `/fhir`, with its slash; or the URL of a link */
export async function searchset(client: Client, query: string): Promise<Searchset> {
  const answer = await client.get(query.startsWith('http') ? query : `/fhir${query}`)
  expect([query, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([query, 200, ''])
  return answer.body as Searchset
}

/** `Patient/123` of each entry of a mode, in their order. */
export function names({ entry = [] }: Searchset, mode = 'match'): string[] {
  const entries = entry.filter((one) => one.search.mode === mode)
  return entries.map(({ resource: { resourceType, id } }) => `${resourceType}/${id}`)
}

export function linkOf({ link }: Searchset, relation: string): string | undefined {
  return link.find((one) => one.relation === relation)?.url
}

/** The matches of a search on all of its pages. */
export async function namesOnAllPages(client: Client, first: string): Promise<string[]> {
  const found: string[] = []
  for (let next: string | undefined = first; next !== undefined;) {
    const page: Searchset = await searchset(client, next)
    found.push(...names(page))
    next = linkOf(page, 'next')
  }
  return found
}
