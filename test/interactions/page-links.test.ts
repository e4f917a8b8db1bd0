import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CareAccess } from '../../src/access/access.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import type { Context } from '../../src/interactions/context.ts'
import { openPage, pageLinks } from '../../src/interactions/page-links.ts'
import { pageSeal, type PageSeal } from '../../src/interactions/page.ts'
import { parseParameters, type FhirRequest } from '../../src/interactions/request.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffre-pages-'))
let pages: PageSeal

beforeAll(() => {
  pages = pageSeal(openKeyring(join(folder, 'keyring')))
})

afterAll(() => rmSync(folder, { recursive: true }))

interface Asking {
  readonly clientId?: string
  readonly userId?: string
  readonly base?: string
  readonly at?: number
}

/** What page links need of a context. */
function contextOf({
  clientId = 'ehr',
  userId,
  base = 'https://coffre.example/fhir',
  at = 0,
}: Asking): Context {
  const access: CareAccess = {
    kind: 'care',
    caller: { clientId, userId, tokenId: 't', ip: undefined },
    scopes: [],
    patient: undefined,
    grants: new Set(),
  }
  return { access, base, pages, now: () => new Date(at) } as unknown as Context
}

function requestOf(query: string): FhirRequest {
  const prefer = { return: 'minimal', handling: 'strict', async: false }
  const request = { method: 'GET', path: ['Patient'], parameters: parseParameters(query), prefer }
  return request as unknown as FhirRequest
}

/** The query of the link that leads on from a first page. */
function nextLink(asking: Asking): string {
  const context = contextOf(asking)
  const page = openPage(context, requestOf('name=x'))
  const next = pageLinks(context, page, ['Patient', 'p']).find(({ relation }) => relation === 'next')
  return new URL(next?.url ?? '').search.slice(1)
}

describe('a page link', () => {
  it('opens for the caller who got it, with the query of the first page and the place in its answer', () => {
    const asking = { userId: 'nurse' }
    expect(openPage(contextOf(asking), requestOf(nextLink(asking)))).toMatchObject({
      parameters: [['name', 'x']],
      cursor: ['Patient', 'p'],
    })
  })

  it.each([
    ['another client', { clientId: 'app', userId: 'nurse' }],
    ['another person', { userId: 'doctor' }],
    ['no person', {}],
    ['another base', { userId: 'nurse', base: 'https://coffre.example/research/1/fhir' }],
  ])('does not open for %s', (_who, other) => {
    const link = requestOf(nextLink({ userId: 'nurse' }))
    expect(() => openPage(contextOf(other), link)).toThrow(expect.objectContaining({ status: 400 }) as Error)
  })

  it('stays short however far away its page is: one goes back ten pages, and to the first', () => {
    const context = contextOf({})
    let query = nextLink({})
    const lengths: number[] = []
    for (let n = 0; n < 30; n++) {
      const links = pageLinks(context, openPage(context, requestOf(query)), ['Patient', 'p'])
      const next = links.find(({ relation }) => relation === 'next')
      query = new URL(next?.url ?? '').search.slice(1)
      lengths.push(query.length)
    }
    expect(lengths.at(-1)).toBe(lengths[10])
    expect(openPage(context, requestOf(query)).trail).toHaveLength(10)
  })

  it('is gone after a day', () => {
    const day = 86_400_000
    const link = requestOf(nextLink({}))
    expect(openPage(contextOf({ at: day }), link).path).toBe('Patient')
    expect(() => openPage(contextOf({ at: day + 1 }), link)).toThrow(
      expect.objectContaining({ status: 410 }) as Error,
    )
  })
})
