import { canary, get, sent, query, withHeaders, type BadRequest } from './bad-request.ts'

const chain = (links: number) => `${'part-of:Observation.'.repeat(links)}code`
const has = (links: number) => `${'_has:Observation:part-of:'.repeat(links)}code`

const links = [
  query('Observation', 'subject.colour', 'x'),
  query('Observation', 'subject:Group.birthdate', '2020'),
  query('Observation', 'subject:Nothing.name', 'x'),
  query('Observation', 'subject..name', 'x'),
  query('Observation', '.name', 'x'),
  query('Observation', 'subject.', 'x'),
  query('Observation', 'code.text', 'x'),
  query('Observation', 'subject.__proto__', 'x'),
  query('Observation', 'constructor.name', 'x'),
  query('Procedure', chain(7), 'x'),
  query('Observation', chain(100), 'x'),
  query('Observation', has(7), 'x'),
  query('Observation', has(100), 'x'),
  query('Observation', '_has:'.repeat(1000), 'x'),
  query('Provenance', 'target.subject.general-practitioner.name', 'x'),
  query('Provenance', `${'target.'.repeat(7)}name`, 'x'),
  query('Patient', '_has:Observation:code:code', 'x'),
  query('Patient', '_has:Observation:patient:colour', 'x'),
  query('Patient', '_has:Nothing:patient:code', 'x'),
  query('Patient', '_has:__proto__:patient:code', 'x'),
  query('Patient', '_has', 'x'),
  query('Patient', '_has:Observation:patient', 'x'),
  query('Patient', '_has:Observation:patient:_has:Observation', 'x'),
  query('ActivityDefinition', 'depends-on.name', 'x'),
  query('Location', 'organization:below.name', 'x'),
  query('Patient', 'general-practitioner', 'Nothing/1'),
  query('Patient', 'general-practitioner', 'Practitioner/1/_history/1'),
  query('Patient', 'organization:identifier', ''),
]

const includes = [
  ...[
    'Nothing:subject',
    'Observation:code',
    'Observation:subject:Nothing',
    'Observation:a:b:c:d',
    ':',
    '__proto__:x',
  ],
  ...['*:subject', 'Observation:', ':subject', 'Observation:subject:', 'Observation:*:*', canary],
].flatMap((value) => [
  query('Observation', '_include', value),
  query('Observation', '_include:iterate', value),
  query('Patient', '_revinclude', value),
])

const shapes = [
  query('Observation', '_include:__proto__', 'Observation:subject'),
  query('Patient', '_sort', Array(1000).fill('colour').join(',')),
  query('Patient', '_sort', '--birthdate'),
  query('Patient', '_sort', ',birthdate'),
  query('Patient', '_sort', 'name:exact'),
  query('Patient', '_sort', '__proto__'),
  query('Location', '_sort', 'near'),
  query('Patient', '_elements', Array(1000).fill('colour').join(',')),
  query('Patient', '_elements', 'name,,gender'),
  query('Patient', '_elements', '__proto__'),
  query('Patient', '_elements', 'name.family'),
  query('Patient', '_count', '9'.repeat(400)),
  query('Patient', '_count', '1.5'),
  query('Patient', '_count', '0x10'),
  query('Patient', '_type', 'Patient'),
  '/fhir?_type=Nothing',
  '/fhir?_type=Patient,__proto__',
  '/fhir?_type=',
  '/fhir?name=x',
  '/fhir?_type=Patient,Observation&birthdate=2020',
  '/fhir?_type=Patient&_sort=colour',
  `/fhir/Patient?${Array(101).fill('_lastUpdated=gt2020').join('&')}`,
  `/fhir/Observation?code=${Array(501).fill('x').join(',')}`,
  query('Patient', '_list', '$current-problems'),
  query('Patient', '_list', 'a/b'),
  query('Patient', '_page', Buffer.alloc(200).toString('base64url')),
  query('Patient', '_page', 'A'.repeat(8000)),
  query('Patient', '_page', '../../x'),
  query('Patient', '_query', 'x'),
  query('Patient', '_text', '('.repeat(1000)),
  query('Patient', '_content', ''),
]

const filters = [
  '(',
  ')',
  '()',
  'name',
  'name eq',
  'eq x',
  'name zz x',
  'name eq "x',
  'name eq "\\u0000"',
  'name eq "\\ud800"',
  'name eq "\\q"',
  'name eq x and',
  'and name eq x',
  'not name eq x',
  'not (name eq x',
  'name eq x or or name eq y',
  'colour eq x',
  '__proto__ eq x',
  'name.constructor eq x',
  'subject:Nothing.name eq x',
  'birthdate gt yesterday',
  'birthdate co 2020',
  'gender sw "x"',
  'name[ eq x',
  'name[]',
  'general-practitioner[name eq x',
  'general-practitioner[[name eq x]].name eq x',
  'name eq x; DROP TABLE clinical.resource',
  'name re "(a+)+$"',
  'gender in ../../etc/passwd',
  `${'('.repeat(21)}name eq x${')'.repeat(21)}`,
  `${'('.repeat(1900)}name eq x${')'.repeat(1900)}`,
  `${'not ('.repeat(700)}name eq x${')'.repeat(700)}`,
  `${'general-practitioner['.repeat(150)}name eq x${']'.repeat(150)}`,
  Array(51).fill('name eq x').join(' and '),
  `name eq "${'x'.repeat(5000)}"`,
  `name zz ${canary}`,
].map((filter) => query('Patient', '_filter', filter))

const compartments = [
  ['/fhir/Patient/there/Nothing', 404],
  ['/fhir/Patient/there/Observation?colour=1', 400],
  ['/fhir/Patient/there/Medication', 400],
  ['/fhir/Observation/there/Patient', 404],
  ['/fhir/Patient/there/*?colour=1', 400],
] as const

const form = (what: string, type: string, criteria: readonly string[]): BadRequest =>
  withHeaders(sent('POST', `/fhir/${type}/_search`, what, criteria.join('&'), 400), {
    'Content-Type': 'application/x-www-form-urlencoded',
  })
const manyOf = (of: (index: number) => string) => Array.from({ length: 500 }, (_, index) => of(index)).join()

/** Each of its criteria could be asked alone. */
const costly: readonly BadRequest[] = [
  form(
    '100 chains of 6',
    'Observation',
    Array(100).fill(`${'has-member:Observation.'.repeat(6)}status=final`),
  ),
  form('100 times _has, 6 deep', 'Observation', Array(100).fill(`${has(6)}=final`)),
  form('100 open chains', 'Provenance', Array(100).fill('agent.identifier=x')),
  form('50,000 quantities', 'Observation', Array(100).fill(`value-quantity=${manyOf((n) => `gt${n}||mg`)}`)),
  form(
    '50,000 composites',
    'Observation',
    Array(100).fill(`code-value-quantity=${manyOf((n) => `c$gt${n}`)}`),
  ),
  form('50,000 names', 'Patient', Array(100).fill(`name:contains=${manyOf((n) => `${'c'.repeat(90)}${n}`)}`)),
]

/** Chains, includes, sorts, filters that lead nowhere or too far. */
export const badLinks: readonly BadRequest[] = [
  ...costly,
  ...[...links, ...includes, ...shapes, ...filters].map((path) => get(path)),
  ...compartments.map(([path, status]) => get(path, status)),
  ...[...links.slice(0, 10), ...filters.slice(0, 10)].map((path): BadRequest => {
    const [place = '', fields = ''] = path.split('?')
    return form(`a form: ${fields}`, place.slice('/fhir/'.length), [fields])
  }),
]
