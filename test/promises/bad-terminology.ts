import { canary, created, get, query, sent, type BadRequest } from './bad-request.ts'

const codeSystem = {
  resourceType: 'CodeSystem',
  id: 'letters',
  url: 'http://coffre.example/letters',
  status: 'active',
  content: 'complete',
  concept: ['a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'].map((code) => ({ code })),
}
const valueSet = (id: string, compose: object) => ({
  resourceType: 'ValueSet',
  id,
  url: `http://coffre.example/${id}`,
  status: 'active',
  compose,
})
const filtered = (id: string, op: string, value: string) =>
  valueSet(id, { include: [{ system: codeSystem.url, filter: [{ property: 'code', op, value }] }] })
const including = (id: string, ...others: string[]) =>
  valueSet(id, { include: [{ valueSet: others.map((other) => `http://coffre.example/${other}`) }] })

/** Hostile, and valid: they are there before the requests begin. */
export const hostileTerminology: readonly { resourceType: string; id: string }[] = [
  codeSystem,
  filtered('regex-backtracks', 'regex', '(a+)+$'),
  filtered('regex-counts', 'regex', '((a{1,1000}){1,1000}){1,1000}'),
  filtered('regex-looks-back', 'regex', '(a)\\1(?<=a)'),
  filtered('regex-is-none', 'regex', '((((('),
  filtered('regex-is-long', 'regex', '(a|b)*'.repeat(5000)),
  filtered('regex-is-deep', 'regex', `${'('.repeat(50_000)}a${')'.repeat(50_000)}`),
  including('circle-1', 'circle-2'),
  including('circle-2', 'circle-1'),
  including('itself', 'itself'),
  ...[...Array(40).keys()].map((n) => including(`row-${n}`, `row-${n + 1}`)),
  ...[...Array(12).keys()].map((n) =>
    including(`doubles-${n}`, ...(n < 11 ? Array<string>(8).fill(`doubles-${n + 1}`) : ['letters-all'])),
  ),
  valueSet('letters-all', { include: [{ system: codeSystem.url }] }),
  {
    resourceType: 'CodeSystem',
    id: 'ring',
    url: 'http://coffre.example/ring',
    status: 'active',
    content: 'complete',
    hierarchyMeaning: 'is-a',
    property: [{ code: 'parent', type: 'code' }],
    concept: ['a', 'b'].map((code, index, all) => ({
      code,
      property: [{ code: 'parent', valueCode: all[1 - index] }],
    })),
  } as { resourceType: string; id: string },
]

const url = (id: string) => `http://coffre.example/${id}`
const hostile = ['regex-counts', 'regex-looks-back', 'regex-is-none', 'regex-is-long', 'regex-is-deep']
const circular = ['circle-1', 'itself', 'row-0']

const expansions: readonly BadRequest[] = [
  ...[...hostile, ...circular].map((id) => get(query('ValueSet/$expand', 'url', url(id)), 422)),
  ...[...hostile, ...circular].map((id) => get(query('Condition', 'code:in', url(id)))),
  ...['x', '-1', '1e9', '9'.repeat(400), '1.5', canary].map((count) =>
    get(`/fhir/ValueSet/$expand?url=${encodeURIComponent(url('letters-all'))}&count=${count}`),
  ),
  get('/fhir/ValueSet/$expand'),
  get(query('ValueSet/$expand', 'url', canary), 404),
  get('/fhir/ValueSet/nobody/$expand', 404),
  get(query('ValueSet/$expand', 'colour', 'x')),
  get('/fhir/ValueSet/$expand?url=a&url=b'),
  get(`/fhir/ValueSet/$expand?url=${encodeURIComponent(url('letters-all'))}&activeOnly=maybe`),
  get(`/fhir/ValueSet/$expand?url=${encodeURIComponent(url('letters-all'))}&offset=-1`),
]

const codes: readonly BadRequest[] = [
  get('/fhir/CodeSystem/$lookup'),
  get('/fhir/CodeSystem/$lookup?code=x'),
  get(`/fhir/CodeSystem/$lookup?system=${canary}&code=x`, 404),
  get(`/fhir/CodeSystem/$lookup?system=http://coffre.example/letters&code=${canary}`, 404),
  get('/fhir/CodeSystem/$lookup?system=http://coffre.example/letters&code=__proto__', 404),
  get('/fhir/CodeSystem/$validate-code?code=x'),
  get('/fhir/ValueSet/$validate-code?url=x'),
  get(`/fhir/ValueSet/$validate-code?url=${encodeURIComponent(url('itself'))}&code=a&system=u:x`, 422),
  get('/fhir/CodeSystem/$subsumes?system=http://coffre.example/letters&codeA=a'),
  get(`/fhir/CodeSystem/$subsumes?system=http://coffre.example/letters&codeA=a&codeB=${canary}`, 404),
  get(`/fhir/CodeSystem/$subsumes?system=${canary}&codeA=a&codeB=b`, 404),
  get(query('Condition', 'code:below', canary)),
  get(query('Condition', 'code:below', `http://coffre.example/letters|${canary}`)),
  get(query('Condition', 'code:above', 'http://coffre.example/nothing|x')),
  get(query('Condition', 'code:in', '')),
  get(query('Condition', 'code:in', `${'a,'.repeat(600)}`)),
  get(query('Condition', 'code:in', 'http://127.0.0.1:1/ValueSet/x')),
]

const sentAlong = (what: string, parameter: unknown, status: number) =>
  sent(
    'POST',
    '/fhir/ValueSet/$expand',
    what,
    JSON.stringify({ resourceType: 'Parameters', parameter }),
    status,
  )
const along = (what: string, compose: object, status = 422) =>
  sentAlong(what, [{ name: 'valueSet', resource: valueSet('along', compose) }], status)

const bodies: readonly BadRequest[] = [
  sentAlong(
    'a valueSet that is a Patient',
    [{ name: 'valueSet', resource: { resourceType: 'Patient' } }],
    400,
  ),
  sentAlong('a valueSet that is a URL', [{ name: 'valueSet', valueUri: canary }], 400),
  sentAlong('parameters that are no list', { name: canary }, 422),
  sentAlong(
    'a parameter twice',
    [1, 2].map(() => ({ name: 'url', valueUri: 'u:x' })),
    400,
  ),
  sentAlong('a parameter with two values', [{ name: 'url', valueUri: 'u:x', valueString: 'x' }], 422),
  along('a regular expression over all codes', {
    include: [{ system: codeSystem.url, filter: [{ property: 'code', op: 'regex', value: '(' }] }],
  }),
  along('a system that is not held', { include: [{ system: `http://x.example/${canary}` }] }),
  along('nothing to include', { include: [] }),
  along('a filter without an operator', {
    include: [{ system: codeSystem.url, filter: [{ property: 'code', value: 'x' }] }],
  }),
  along('itself by its URL', { include: [{ valueSet: [url('along')] }] }),
  along('5,000 parts over a large code system', {
    include: Array(5000).fill({
      system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
      filter: [{ property: 'code', op: 'regex', value: '(.*a){20}' }],
    }),
  }),
  created('a ValueSet without a status', 'ValueSet', {}),
  created('a CodeSystem without a content', 'CodeSystem', { status: 'active' }),
]

/** Value sets and code systems that never end, and operations on them that lack what they need. */
export const badTerminology: readonly BadRequest[] = [...expansions, ...codes, ...bodies]
