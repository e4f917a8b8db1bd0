import { FhirError } from '../../src/fhir/outcome.ts'
import { route, type InteractionCode } from '../../src/interactions/route.ts'

const parse = (text: string) => {
  const [method = '', url = ''] = text.split(' ')
  return { method, path: url.split('/').filter(Boolean) }
}

function refusal(text: string, offered?: ReadonlySet<InteractionCode>): FhirError {
  try {
    route(parse(text), offered)
  } catch (error) {
    if (error instanceof FhirError) return error
  }
  throw new Error(`${text} was not refused`)
}

describe('the RESTful surface of R4', () => {
  it.each([
    ['GET /Patient/1', 'read', 'Patient', '1', undefined],
    ['GET /Patient/1/_history/2', 'vread', 'Patient', '1', 2],
    ['GET /Patient/1/_history', 'history-instance', 'Patient', '1', undefined],
    ['GET /Patient/_history', 'history-type', 'Patient', undefined, undefined],
    ['GET /_history', 'history-system', '', undefined, undefined],
    ['PUT /Patient/1', 'update', 'Patient', '1', undefined],
    ['PUT /Patient', 'update', 'Patient', undefined, undefined],
    ['DELETE /Patient/1', 'delete', 'Patient', '1', undefined],
    ['DELETE /Patient', 'delete', 'Patient', undefined, undefined],
    ['POST /Patient', 'create', 'Patient', undefined, undefined],
    ['GET /Patient', 'search-type', 'Patient', undefined, undefined],
    ['POST /Patient/_search', 'search-type', 'Patient', undefined, undefined],
    ['PATCH /Patient/1', 'patch', 'Patient', '1', undefined],
    ['PATCH /Patient', 'patch', 'Patient', undefined, undefined],
    ['GET /', 'search-system', '', undefined, undefined],
    ['POST /_search', 'search-system', '', undefined, undefined],
    ['POST /', 'batch', '', undefined, undefined],
    ['GET /metadata', 'capabilities', '', undefined, undefined],
  ])('%s is %s', (text, interaction, type, id, versionId) => {
    expect(route(parse(text))).toEqual({ interaction, type, id, versionId })
  })

  it.each([
    ['GET /$a', '', undefined, undefined],
    ['POST /Patient/$a', 'Patient', undefined, undefined],
    ['GET /Patient/1/$a', 'Patient', '1', undefined],
    ['POST /Patient/1/_history/2/$a', 'Patient', '1', 2],
  ])('%s is an operation', (text, type, id, versionId) => {
    expect(route(parse(text))).toEqual({ interaction: 'operation', type, id, versionId, operation: 'a' })
  })

  it.each([
    ['GET /Patient/1/Observation', 'search-type', 'Observation'],
    ['POST /Patient/1/Observation/_search', 'search-type', 'Observation'],
    ['GET /Patient/1/*', 'search-system', ''],
    ['POST /Patient/1/*/_search', 'search-system', ''],
  ])('%s searches the compartment', (text, interaction, type) => {
    const compartment = { type: 'Patient', id: '1' }
    expect(route(parse(text))).toEqual({ interaction, type, compartment })
  })

  it.each([
    ['PUT /', 'GET, HEAD, POST'],
    ['GET /Patient/_search', 'POST'],
    ['POST /Patient/1', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['PUT /Patient/$a', 'GET, HEAD, POST'],
  ])('%s is 405 and allows %s', (text, allow) => {
    const { status, headers } = refusal(text)
    expect([status, headers['Allow']]).toEqual([405, allow])
  })

  it('allows on a base only what it offers', () => {
    const { status, headers } = refusal('PUT /Patient/1', new Set(['read'] as const))
    expect([status, headers['Allow']]).toEqual([405, 'GET, HEAD'])
  })

  it.each([
    ['GET /Secret', 404],
    ['GET /Patient/1/secret', 404],
    ['GET /Patient/$Secret~', 404],
    ['GET /Patient/1/$secret/1', 404],
    ['GET /Secret/$a', 404],
    ['GET /Patient/not~an~id/_history', 400],
    ['GET /Patient/1/_history/0', 404],
  ])('%s is %i, and the path is not repeated', (text, status) => {
    const error = refusal(text)
    expect([error.status, error.message.toLowerCase().includes('secret')]).toEqual([status, false])
  })
})
