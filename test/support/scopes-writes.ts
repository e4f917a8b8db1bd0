import { isObject, type Resource } from '../../src/fhir/json.ts'
import { bundleOf, status, type Making, type Way } from './scopes-case.ts'
import { nameOf } from './scopes-model.ts'
import type { Answered } from './undone.ts'

/** Another resource's content under the id of this one; without it, as it is created. */
function contentFor(making: Making, id: string | undefined): Resource {
  const { world, chance, resource } = making
  const others = world.resources.filter(({ resourceType }) => resourceType === resource.resourceType)
  const { id: _, meta, ...rest } = chance.pick(others)
  const { versionId: _version, lastUpdated: _time, ...kept } = isObject(meta) ? meta : {}
  return { ...rest, ...(id === undefined ? {} : { id }), meta: kept }
}

/** What a write of this content under an id that is there comes to. */
function updateExpected({ model, resource }: Making, content: Resource): string {
  const type = resource.resourceType
  if (!model.mayAtAll('u', type)) return '403'
  if (!model.may('u', resource)) return model.knows(resource) ? '403' : '404'
  return model.may('u', content) ? '200' : '403'
}

function createExpected({ model }: Making, content: Resource): string {
  return model.may('c', { ...content, id: 'nobody-has-this' }) ? '201' : '403'
}

/** 422: the content breaks a rule of the server, for who may do everything too; it is found first. */
const broken = ['422']

/** Every way to change a resource, or to make one. */
export const waysToWrite: Readonly<Record<string, Way>> = {
  create: (making) => {
    const type = making.resource.resourceType
    const body = contentFor(making, undefined)
    return {
      asked: { method: 'POST', url: type, body },
      expected: createExpected(making, body),
      alike: broken,
      told: status,
    }
  },

  'conditional create': (making) => {
    const { model, resource } = making
    const type = resource.resourceType
    const body = contentFor(making, undefined)
    const mayAsk = model.mayAtAll('c', type) && model.mayAtAll('s', type)
    return {
      asked: { method: 'POST', url: type, body, ifNoneExist: `_id=${String(resource['id'])}` },
      expected: !mayAsk ? '403' : model.may('s', resource) ? '200' : createExpected(making, body),
      alike: broken,
      told: status,
    }
  },

  update: (making) => {
    const body = contentFor(making, String(making.resource['id']))
    return {
      asked: { method: 'PUT', url: nameOf(making.resource), body },
      expected: updateExpected(making, body),
      alike: broken,
      told: status,
    }
  },

  'update as create': (making) => {
    const { model, resource } = making
    const type = resource.resourceType
    const body = contentFor(making, 'absent-too')
    const expected = !model.mayAtAll('u', type) ? '403' : model.mayAll('u', type) ? '201' : '404'
    return {
      asked: { method: 'PUT', url: `${type}/absent-too`, body },
      expected,
      alike: broken,
      told: status,
    }
  },

  'conditional update': (making) => {
    const { model, resource } = making
    const type = resource.resourceType
    const body = contentFor(making, undefined)
    const mayAsk = model.mayAtAll('u', type) && model.mayAtAll('s', type)
    const isFound = mayAsk && model.may('s', resource)
    const under = { ...body, id: String(resource['id']) }
    const written = isFound ? updateExpected(making, under) : createExpected(making, body)
    return {
      asked: { method: 'PUT', url: `${type}?_id=${String(resource['id'])}`, body },
      expected: mayAsk ? written : '403',
      alike: broken,
      told: status,
    }
  },

  patch: (making) => {
    const content = { ...making.resource, language: 'fr' }
    return {
      asked: {
        method: 'PATCH',
        url: nameOf(making.resource),
        body: [{ op: 'add', path: '/language', value: 'fr' }],
      },
      expected: updateExpected(making, content),
      alike: broken,
      told: status,
    }
  },

  delete: (making) => {
    const { model, resource } = making
    const type = resource.resourceType
    const isHidden = model.knows(resource) ? '403' : '204 nothing'
    return {
      asked: { method: 'DELETE', url: nameOf(resource) },
      expected: !model.mayAtAll('d', type) ? '403' : model.may('d', resource) ? '204' : isHidden,
      told: deleted,
    }
  },

  'conditional delete': (making) => {
    const { model, resource } = making
    const type = resource.resourceType
    const mayAsk = model.mayAtAll('d', type) && model.mayAtAll('s', type)
    const found = model.may('s', resource) ? (model.may('d', resource) ? '204' : '403') : '204 nothing'
    return {
      asked: { method: 'DELETE', url: `${type}?_id=${String(resource['id'])}` },
      expected: mayAsk ? found : '403',
      told: deleted,
    }
  },

  'update in a transaction': (making) => {
    const { resource } = making
    const body = contentFor(making, String(resource['id']))
    const entry = { resource: body, request: { method: 'PUT', url: nameOf(resource) } }
    return {
      asked: { method: 'POST', url: '', body: bundleOf('transaction', [entry]) },
      expected: updateExpected(making, body),
      alike: broken,
      told: status,
    }
  },
}

/** A delete of what is not there gives no version. */
function deleted({ status: code, version }: Answered): string {
  return code === 204 && version === undefined ? '204 nothing' : String(code)
}
