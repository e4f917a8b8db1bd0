import { canary, get, query, type BadRequest } from './bad-request.ts'

/** What has broken servers of all kinds. Each holds the canary. */
const injections = [
  `${canary}'; DROP TABLE clinical.resource; --`,
  `${canary}' OR '1'='1`,
  `1) UNION SELECT body FROM identity.sealed WHERE ('${canary}'='${canary}'`,
  `$$${canary};SELECT pg_sleep(10);$$`,
  `\\${canary}\\'; --`,
  `${canary}\${7*7}{{7*7}}#{7*7}`,
  `../../../../etc/passwd?${canary}`,
  `<script>${canary}</script>`,
  `${canary}\r\nSet-Cookie: a=b`,
  `\u202e${canary}\ufeff`,
]

/** Places where none of them can be meant: [type, name, value]. */
const places: readonly ((text: string) => readonly [type: string, name: string, value: string])[] = [
  (text) => ['RiskAssessment', 'probability', text], // number
  (text) => ['Patient', 'birthdate', text], // date
  (text) => ['Observation', 'value-quantity', text], // quantity
  (text) => ['Observation', 'value-quantity', `${text}|http://unitsofmeasure.org|mg`],
  (text) => ['Observation', 'code-value-quantity', `8480-6$${text}`], // composite
  (text) => ['Observation', 'patient', text], // reference
  (text) => ['Location', 'near', text], // special
  (text) => ['Patient', '_lastUpdated', text],
  (text) => ['Patient', '_count', text],
  (text) => ['Patient', '_sort', text],
  (text) => ['Patient', '_include', text],
  (text) => ['Patient', '_revinclude', text],
  (text) => ['Patient', '_elements', text],
  (text) => ['Patient', '_summary', text],
  (text) => ['Patient', '_total', text],
  (text) => ['Patient', '_page', text],
  (text) => ['Patient', '_contained', text],
  (text) => ['Patient', '_filter', text],
  (text) => ['Patient', '_filter', `name eq "${text}`],
  (text) => ['Patient', text, 'x'], // a name
  (text) => ['Patient', `name:${text}`, 'x'], // a modifier
  (text) => ['Patient', `general-practitioner.${text}`, 'x'], // a chain
  (text) => ['Patient', `_has:Observation:patient:${text}`, 'x'],
  (text) => ['Condition', 'code:in', text], // a value set
]

const injected = injections.flatMap((text) => places.map((place) => get(query(...place(text)))))

const dates = [
  ...['0000', '0000-01-01', '10000', '99999-01-01', '2020-00', '2020-13-01', '2020-02-30', '2019-02-29'],
  ...['2020-01-01T24:00', '2020-01-01T24:00:01Z', '2020-01-01T23:60', '2020-01-01T00:00:61Z'],
  ...['2020-01-01T10', '2020-01-01T10:00+25:00', '2020-01-01T10:00-99:99', '2020-01-01T10:00 Europe/Paris'],
  ...['2020-W01', '2020-366', '+2020-01-01', '-2020', 'now', 'today', 'Infinity', 'NaN', '1e3', '２０２０'],
  ...['2020-01-01T10:00:00.Z', '2020-1-1', '20200101', '2020-01-01T', 'T10:00', 'geeq2020', 'ge', 'zz2020'],
].map((date) => get(query('Patient', 'birthdate', date)))

const numbers = [
  'NaN',
  'Infinity',
  '-Infinity',
  '0x10',
  '1_000',
  '1,5;',
  '١٢',
  '--1',
  '1e',
  '.',
  'e5',
  '1e1e1',
]
  .concat('1e999', '-1e400', '9'.repeat(400))
  .map((number) => get(query('RiskAssessment', 'probability', number)))

const quantities = [
  ...['1e400||mg', 'NaN|http://unitsofmeasure.org|mg', '|http://x|mg', '1|2|3|4|5', '||', 'mg', '1,|', 'gt'],
  ...['0x10|http://unitsofmeasure.org|mg', 'ap', 'ge|http://unitsofmeasure.org|mg', '1e999||'],
].map((quantity) => get(query('Observation', 'value-quantity', quantity)))

const nears = [
  'NaN|NaN',
  'Infinity|0',
  '1e999|0|1|km',
  '91|0',
  '0|181',
  '0',
  '0|0|-1|km',
  '0|0|1e999|km',
  '0|0|NaN|km',
]
  .concat('0|0|1|parsec', '0|0|1|km|x', '||', '0|0|1|__proto__', '0x1|0', '٤٥|٥')
  .map((position) => get(query('Location', 'near', position)))

const composites = ['$', '$$$', 'x', 'a$b$c', '8480-6$', '$5', '8480-6$NaN', `8480-6$${'$'.repeat(1000)}`]
  .concat('8480-6$gt', '8480-6$1e999', '|||$1')
  .map((value) => get(query('Observation', 'code-value-quantity', value)))

const modifiers: readonly BadRequest[] = [
  ...['exact', 'contains', 'text', 'in', 'of-type', 'above', 'Patient', 'identifier', 'not'].map((modifier) =>
    get(query('Patient', `birthdate:${modifier}`, '2020')),
  ),
  ...['above', 'below', 'in', 'not-in', 'not', 'text', 'of-type', 'identifier', 'Group', '__proto__'].map(
    (modifier) => get(query('Patient', `name:${modifier}`, 'x')),
  ),
  ...['exact', 'contains', 'identifier', 'Patient', 'toString', 'constructor'].map((modifier) =>
    get(query('Patient', `gender:${modifier}`, 'male')),
  ),
  ...['exact', 'contains', 'in', 'Nothing', 'Medication', 'of-type', 'text'].map((modifier) =>
    get(query('Observation', `subject:${modifier}`, 'x')),
  ),
  ...['exact', 'not', 'text', 'in', 'contains'].map((modifier) =>
    get(query('RiskAssessment', `probability:${modifier}`, '1')),
  ),
  ...['exact', 'not', 'contains'].map((modifier) =>
    get(query('Observation', `value-quantity:${modifier}`, '1')),
  ),
  ...['exact', 'not', 'below'].map((modifier) =>
    get(query('Observation', `code-value-quantity:${modifier}`, 'a$1')),
  ),
  ...['missing', 'not', 'exact'].map((modifier) => get(query('Patient', `_count:${modifier}`, '1'))),
  ...['TRUE', '1', ''].map((value) => get(query('Patient', 'gender:missing', value))),
  ...['a', 'a|b', 'a|b|c|d', '|b|c', 'a||c', 'a|b|'].map((value) =>
    get(query('Patient', 'identifier:of-type', value)),
  ),
]

/** Searches whose values are none of their parameter's type. */
export const badSearches: readonly BadRequest[] = [
  ...injected,
  ...dates,
  ...numbers,
  ...quantities,
  ...nears,
  ...composites,
  ...modifiers,
]

const units = [
  ...[
    `${'mg/'.repeat(2000)}mg`,
    '((((((((((mg',
    `${'('.repeat(5000)}m${')'.repeat(5000)}`,
    'm99999',
    '__proto__',
  ],
  ...['10*999999999m', `{${'a'.repeat(10_000)}}`, 'm{a}'.repeat(2000), 'constructor'],
]

/** The same texts, and other hostile ones, where they can be meant: a search that finds nothing. */
export const harmlessSearches: readonly string[] = [
  ...injections.flatMap(harmless),
  ...units.map((unit) => query('Observation', 'value-quantity', `1|http://unitsofmeasure.org|${unit}`)),
  query('Patient', '_sort', Array(500).fill('birthdate,-name').join(',')),
  query('Patient', '_filter', `name eq ${'\\'.repeat(3000)}`),
  query('Patient', '_elements', Array(1000).fill('name').join(',')),
  query('Patient', '_id', 'not an id!'),
]

function harmless(text: string): string[] {
  return [
    query('Patient', 'name', text),
    query('Patient', 'name:exact', text),
    query('Patient', 'name:contains', text),
    query('Patient', 'identifier', `urn:x|${text}`),
    query('Condition', 'code:text', text),
    query('ValueSet', 'url', text),
    query('ValueSet', 'url:below', text),
    query('Patient', '_tag', text),
    query('Patient', '_filter', `name co ${JSON.stringify(text)}`),
    query('Observation', 'value-quantity', `1|http://unitsofmeasure.org|${text}`),
  ]
}
