import { canary, created, type BadRequest } from './bad-request.ts'

const parameter = (what: string, members: object, status = 422) =>
  created(
    `a SearchParameter with ${what}`,
    'SearchParameter',
    {
      url: 'http://coffre.example/parameter',
      name: 'p',
      status: 'active',
      description: 'x',
      code: 'bad-parameter',
      base: ['Patient'],
      type: 'string',
      expression: 'Patient.name.family',
      ...members,
    },
    status,
  )
const expression = (what: string, text: string) => parameter(what, { expression: text })

const searchParameters: readonly BadRequest[] = [
  expression('no expression at all', ')('),
  expression('an expression of the script', 'constructor.constructor("return process")()'),
  expression('an expression through __proto__', 'Patient.__proto__'),
  expression('a regular expression that backtracks', "Patient.name.where(family.matches('(a+)+$'))"),
  expression('repeat', 'Patient.repeat($this)'),
  expression('descendants', 'Patient.descendants()'),
  expression('all resources', '%resource.descendants()'),
  expression('1,000 parentheses', `${'('.repeat(990)}Patient.colour${')'.repeat(990)}`),
  expression('500 unions', Array(150).fill('Patient.colour').join('|')),
  expression('300 nested conditions', `Patient${'.where(name'.repeat(180)}${')'.repeat(180)}`),
  expression('3,000 characters', `Patient.name.where(family='${'a'.repeat(3000)}')`),
  expression('a string that does not end', "Patient.name.where(family='"),
  expression('what it has not', `Patient.${canary}`),
  expression('another type', 'Observation.code'),
  expression('resolve', 'Patient.managingOrganization.resolve().name'),
  expression('a lone quote', "'"),
  expression('SQL', "Patient.name'; DROP TABLE clinical.resource; --"),
  parameter('a code of the script', { code: '__proto__' }),
  parameter('a code with SQL', { code: `x'; DROP TABLE clinical.resource; --` }),
  parameter('a code that is taken', { code: 'birthdate' }),
  parameter('a code of 100 characters', { code: 'a'.repeat(100) }),
  parameter('a code of the server', { code: '_id' }),
  parameter('a base of all', { base: ['Resource'] }),
  parameter('a base that is none', { base: [canary] }),
  parameter('a base of the script', { base: ['__proto__'] }),
  parameter('composite parts', { type: 'composite' }),
  parameter('a special type', { type: 'special' }),
  parameter('a type that is none', { type: canary }),
  parameter('no expression', { expression: null }),
  parameter('a number over what is sealed', { type: 'number', expression: 'Patient.name.family' }),
]

const subscription = (what: string, members: object, channel: object = {}) =>
  created(`a Subscription with ${what}`, 'Subscription', {
    status: 'requested',
    reason: 'x',
    criteria: 'Patient?active=true',
    channel: { type: 'rest-hook', endpoint: 'https://ehr.example/hooks/x', ...channel },
    ...members,
  })

const endpoints = [
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/',
  'http://metadata.google.internal/',
  'http://127.0.0.1:5432/',
  'http://localhost/',
  'http://0.0.0.0/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'https://ehr.example.evil.example/hooks/',
  'https://ehr.example@evil.example/hooks/',
  'https://evil.example/https://ehr.example/hooks/',
  'https://ehr.example:8443/hooks/x',
  'https://ehr.example/hooks/../admin',
  'https://ehr.example/hooks/%2e%2e/admin',
  'https://ehr.example/hooks/..\\admin',
  'https://ehr.example/hooksx',
  'https://еhr.example/hooks/x',
  'HTTP://ehr.example/hooks/x',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_FLUSHALL',
  'ftp://ehr.example/hooks/x',
  'javascript:x()',
  `//${canary}/x`,
  'https://',
  `https://ehr.example/${'a'.repeat(3_000_000)}`,
]

const subscriptions: readonly BadRequest[] = [
  ...endpoints.map((endpoint) => subscription(`the endpoint ${endpoint.slice(0, 60)}`, {}, { endpoint })),
  ...['websocket', 'email', 'sms', 'message', canary].map((type) =>
    subscription(`the channel ${type}`, {}, { type }),
  ),
  ...['Host: evil.example', 'Content-Length: 0', 'Transfer-Encoding: chunked', 'X: a\r\nY: b', canary, ': a']
    .concat('Connection: close', 'é: a', `X: ${'a'.repeat(5000)}`)
    .map((header) =>
      subscription(`the header ${JSON.stringify(header.slice(0, 40))}`, {}, { header: [header] }),
    ),
  ...[
    'Nothing?x=1',
    'Patient?colour=1',
    'Patient?birthdate=x',
    '',
    '?',
    '/etc/passwd',
    `Patient?name:${canary}=x`,
  ]
    .concat('Patient?_filter=((((', 'Patient?code:in=u:x', 'http://x.example/SubscriptionTopic/Patient')
    .concat(`Observation?${'part-of.'.repeat(100)}code=x`, '__proto__?x=1', 'Patient?_sort=name')
    .map((criteria) => subscription(`the criteria ${criteria.slice(0, 40)}`, { criteria })),
  subscription('whole resources as its payload', {}, { payload: 'application/fhir+json' }),
  subscription('no endpoint', { channel: { type: 'rest-hook' } }),
]

/** Resources that would make the server do something: search otherwise, call somebody. */
export const badDefinitions: readonly BadRequest[] = [...searchParameters, ...subscriptions]
