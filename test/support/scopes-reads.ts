import { compartmentParameters, searchParameters } from '../../src/fhir/definitions.ts'
import { isObject, type Json, type Resource } from '../../src/fhir/json.ts'
import { find } from './oracle/found.ts'
import { targetsOf } from './oracle/judge-reference.ts'
import { bundleOf, status, type Case, type Making, type Way } from './scopes-case.ts'
import { nameOf } from './scopes-model.ts'
import type { ScopesWorld } from './scopes-world.ts'
import type { Answered } from './undone.ts'

function entriesOf({
  body,
}: Answered): readonly { readonly resource?: Resource; readonly response?: Json }[] {
  const entry = body?.['entry']
  return Array.isArray(entry) ? (entry as object[]) : []
}

/** `200` and what is in the Bundle, by name. */
const names = (answer: Answered) =>
  told(
    answer.status,
    entriesOf(answer).flatMap(({ resource }) => (resource ? nameOf(resource) : [])),
  )

function told(code: number, list: readonly string[]): string {
  return code === 200 ? [code, ...[...new Set(list)].sort()].join(' ') : String(code)
}

/** A read, by any way that names the resource. */
function readExpected({ model, resource }: Making): string {
  if (!model.mayAtAll('r', resource.resourceType)) return '403'
  return model.may('r', resource) ? '200' : '404'
}

function searchCase(making: Making, type: string, query: string, expected: () => readonly string[]): Case {
  const { model } = making
  return {
    asked: { method: 'GET', url: `${type}?${query}&_count=1000` },
    expected: model.mayAtAll('s', type) ? told(200, expected()) : '403',
    told: names,
  }
}

/** A reference parameter of a resource with the type and id that it leads to. */
function linksOf(resource: Resource, world: ScopesWorld): { code: string; type: string; id: string }[] {
  const { resourceType: type } = resource
  return [...searchParameters(type).values()]
    .filter((one) => one.type === 'reference' && one.state === undefined)
    .flatMap(({ code }) =>
      find(resource, code)
        .filter((found) => found.type === 'Reference')
        .flatMap((found) => targetsOf(found, code, world.base))
        .flatMap((target) => ('id' in target ? [{ code, ...target }] : [])),
    )
}

function byName(world: ScopesWorld, name: string): Resource | undefined {
  return world.resources.find((one) => nameOf(one) === name)
}

/** Every way to learn of a resource. */
export const waysToRead: Readonly<Record<string, Way>> = {
  read: (making) => ({
    asked: { method: 'GET', url: nameOf(making.resource) },
    expected: readExpected(making),
    told: status,
  }),

  'read of what was deleted': ({ world, model, chance }) => {
    const gone = chance.pick(world.deleted)
    const isKnown = model.may('r', gone)
    return {
      asked: { method: 'GET', url: nameOf(gone) },
      expected: model.mayAtAll('r', gone.resourceType) ? (isKnown ? '410' : '404') : '403',
      told: (answer) => (answer.status === 410 ? '410' : status(answer)),
    }
  },

  vread: (making) => {
    const { model, world, chance, resource } = making
    const former = world.former.get(nameOf(resource))
    const isFormer = former !== undefined && chance.happens(0.7)
    const version = former && !isFormer ? 2 : 1
    const isHidden = isFormer && !model.may('r', former)
    return {
      asked: { method: 'GET', url: `${nameOf(resource)}/_history/${version}` },
      expected: readExpected(making) === '200' && isHidden ? '404' : readExpected(making),
      told: status,
    }
  },

  search: (making) =>
    searchCase(making, making.resource.resourceType, '', () =>
      making.model
        .search(making.resource.resourceType, [])
        .map((id) => `${making.resource.resourceType}/${id}`),
    ),

  'search by values, chains and _has': (making) => {
    const { type, parameters } = making.searches.random(making.chance)
    const query = parameters.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
    const leadsOn = parameters.some(
      ([key, value]) =>
        /[.]|^_has|^_list|:above|:below/.test(key) || (key === '_filter' && /[.]|_has/.test(value)),
    )
    const made = searchCase(making, type, query, () =>
      making.model.search(type, parameters).map((id) => `${type}/${id}`),
    )
    // what is said of types that may not be searched: see 'chain'
    return leadsOn ? { ...made, alike: ['403'] } : made
  },

  count: (making) => {
    const type = making.resource.resourceType
    const expected = () => [String(making.model.search(type, []).length)]
    return {
      ...searchCase(making, type, '_summary=count', expected),
      told: ({ status: code, body }) => told(code, [String(body?.['total'])]),
    }
  },

  'search in a compartment': (making) => {
    const type = making.resource.resourceType
    if (type === 'Patient' || compartmentParameters('Patient', type).length === 0) return undefined
    const { world, model } = making
    const one = byName(world, 'Patient/one')
    if (!one) throw new TypeError('no Patient/one')
    const members = () =>
      compartmentParameters('Patient', type).flatMap((code) => model.referring(type, code, one).map(nameOf))
    return {
      ...searchCase(making, type, '', members),
      asked: { method: 'GET', url: `Patient/one/${type}?_count=1000` },
    }
  },

  chain: (making) => {
    const { world, model, chance, resource } = making
    const links = linksOf(resource, world)
    if (links.length === 0) return undefined
    const { code, type, id } = chance.pick(links)
    const [key, value] = [`${code}:${type}._id`, id]
    const own = resource.resourceType
    const made = searchCase(making, own, `${key}=${value}`, () =>
      model.search(own, [[key, value]]).map((found) => `${own}/${found}`),
    )
    return model.mayAtAll('s', type) ? made : { ...made, expected: '403' }
  },

  _has: (making) => {
    const { world, model, chance, resource } = making
    const links = linksOf(resource, world)
    if (links.length === 0) return undefined
    const { code, type, id } = chance.pick(links)
    if (!byName(world, `${type}/${id}`)) return undefined
    const [key, value] = [`_has:${resource.resourceType}:${code}:_id`, String(resource['id'])]
    const made = searchCase(making, type, `${key}=${value}`, () =>
      model.search(type, [[key, value]]).map((found) => `${type}/${found}`),
    )
    return model.mayAtAll('s', resource.resourceType) ? made : { ...made, expected: '403' }
  },

  _include: (making) => {
    const { world, model, chance, resource } = making
    const links = linksOf(resource, world)
    if (links.length === 0) return undefined
    const { code } = chance.pick(links)
    if (find(resource, code).some((found) => found.type !== 'Reference')) return undefined
    const type = resource.resourceType
    return searchCase(making, type, `_id=${String(resource['id'])}&_include=${type}:${code}`, () =>
      model.may('s', resource) ? [resource, ...model.referredTo(resource, code)].map(nameOf) : [],
    )
  },

  _revinclude: (making) => {
    const { world, model, chance, resource } = making
    const links = linksOf(resource, world)
    if (links.length === 0) return undefined
    const { code, type, id } = chance.pick(links)
    const target = byName(world, `${type}/${id}`)
    if (!target) return undefined
    const source = resource.resourceType
    return searchCase(making, type, `_id=${id}&_revinclude=${source}:${code}`, () =>
      model.may('s', target) ? [target, ...model.referring(source, code, target)].map(nameOf) : [],
    )
  },

  'history of a resource': (making) => {
    const { resource } = making
    const expected = readExpected(making)
    const isThere = ({ resourceType, id }: Resource) =>
      resourceType === resource.resourceType && id === resource['id']
    return {
      asked: { method: 'GET', url: `${nameOf(resource)}/_history?_count=1000` },
      expected: expected === '200' ? told(200, versionsOf(making, 'r', isThere)) : expected,
      told: versions,
    }
  },

  'history of a type': (making) => {
    const type = making.resource.resourceType
    return {
      asked: { method: 'GET', url: `${type}/_history?_count=1000` },
      expected: making.model.mayAtAll('s', type)
        ? told(
            200,
            versionsOf(making, 's', ({ resourceType }) => resourceType === type),
          )
        : '403',
      told: versions,
    }
  },

  'history of all': (making) => ({
    asked: { method: 'GET', url: '_history?_count=1000' },
    expected: told(
      200,
      versionsOf(making, 's', () => true),
    ),
    told: versions,
  }),

  'Patient/$everything': (making) => {
    const { world, model } = making
    const one = byName(world, 'Patient/one')
    if (!one) throw new TypeError('no Patient/one')
    const searchable = new Set(model.searchable().map(nameOf))
    const wanted = model
      .searchable()
      .filter(({ resourceType: type }) => type !== 'Patient')
      .filter(({ resourceType: type, ...rest }) =>
        compartmentParameters('Patient', type).some((code) =>
          model.referring(type, code, one).some((found) => found['id'] === rest['id']),
        ),
      )
      .map(nameOf)
    return {
      asked: { method: 'GET', url: 'Patient/one/$everything' },
      expected: !model.mayAtAll('r', 'Patient') ? '403' : model.may('r', one) ? '200 right' : '404',
      told: (answer) => {
        if (answer.status !== 200) return status(answer)
        const found = entriesOf(answer).flatMap(({ resource }) => (resource ? nameOf(resource) : []))
        const missing = wanted.filter((name) => !found.includes(name))
        const hidden = found.filter((name) => !searchable.has(name))
        return [...missing, ...hidden].length === 0
          ? '200 right'
          : `200 lacks ${missing.join()}, shows ${hidden.join()}`
      },
    }
  },

  'reads in a batch': (making) => {
    const { world, chance } = making
    const others = [making.resource, chance.pick(world.resources), chance.pick(world.resources)]
    return {
      asked: {
        method: 'POST',
        url: '',
        body: bundleOf(
          'batch',
          others.map((one) => ({ request: { method: 'GET', url: nameOf(one) } })),
        ),
      },
      expected: ['200', ...others.map((resource) => readExpected({ ...making, resource }))].join(' '),
      told: (answer) =>
        [
          status(answer),
          ...entriesOf(answer).map(({ response }) =>
            isObject(response ?? null) ? String((response as { status?: Json }).status) : '',
          ),
        ].join(' '),
    }
  },
}

/** Names and versions of a history. */
function versions(answer: Answered): string {
  if (answer.status !== 200) return status(answer)
  const list = (answer.body?.['entry'] ?? []) as unknown as readonly {
    readonly fullUrl: string
    readonly response: { readonly etag: string }
  }[]
  return told(
    200,
    list.map(({ fullUrl, response }) => `${fullUrl.replace(/^.*\/fhir\//, '')}/${response.etag}`),
  )
}

/** Versions that a letter lets through, of what it lets through as it is now, or was when it was deleted. */
function versionsOf(
  { world, model }: Making,
  letter: string,
  isAsked: (resource: Resource) => boolean,
): string[] {
  const there = world.resources.filter(isAsked).filter((resource) => model.may(letter, resource))
  const gone = world.deleted.filter(isAsked).filter((resource) => model.may(letter, resource))
  return [
    ...there.flatMap((resource) => {
      const former = world.former.get(nameOf(resource))
      const current = `${nameOf(resource)}/W/"${former ? 2 : 1}"`
      return former && model.may(letter, former) ? [current, `${nameOf(resource)}/W/"1"`] : [current]
    }),
    ...gone.flatMap((resource) => [`${nameOf(resource)}/W/"1"`, `${nameOf(resource)}/W/"2"`]),
  ]
}
