import { Decimal, type Json } from '../../src/fhir/json.ts'
import { primitiveFormat } from '../../src/fhir/primitive.ts'

/** FHIR R4 § Data Types, "Primitive Types": for each type what is in its value space, and what is not. */
const table: readonly { type: string; good: readonly Json[]; bad: readonly Json[] }[] = [
  { type: 'boolean', good: [true, false], bad: ['true', 1, null] },
  {
    type: 'integer',
    good: [0, -5, 2147483647, -2147483648],
    bad: [2147483648, 1.5, '1', new Decimal('1.0'), new Decimal('1e3')],
  },
  { type: 'unsignedInt', good: [0, 7], bad: [-1, new Decimal('-0')] },
  { type: 'positiveInt', good: [1, 2147483647], bad: [0, 2147483648] },
  {
    type: 'decimal',
    good: [1, 1.5, new Decimal('1.50'), new Decimal('0.1234567890123456789')],
    bad: ['1.5', new Decimal('1e400'), true],
  },
  {
    type: 'date',
    good: ['2024', '2024-02', '2024-02-29', '2000-02-29', '0001-01-01'],
    bad: [
      '2023-02-29',
      '1900-02-29',
      '2024-13',
      '2024-00',
      '2024-04-31',
      '2024-1-1',
      '24',
      '0000',
      '',
      '2024-01-01T00:00:00Z',
      ' 2024',
    ],
  },
  {
    type: 'dateTime',
    good: ['2024', '2024-02-29T23:59:60Z', '2024-02-29T00:00:00.123456+14:00', '2024-02-29T00:00:00-12:30'],
    bad: [
      '2024-02-29T10:00Z',
      '2024-02-29T10:00:00',
      '2024-02-29T24:00:00Z',
      '2024-02-30T10:00:00Z',
      '2024-02T10:00:00Z',
      '2024-02-29T10:00:00+14:30',
      '2024-02-29 10:00:00Z',
      '2024-02-29T10:00:00z',
    ],
  },
  {
    type: 'instant',
    good: ['2015-02-07T13:28:17.239+02:00', '2017-01-01T00:00:00Z'],
    bad: ['2017-01-01', '2017', '2017-01-01T00:00:00'],
  },
  { type: 'time', good: ['00:00:00', '23:59:59.999'], bad: ['24:00:00', '12:00', '12:00:00Z', '12:60:00'] },
  {
    type: 'string',
    good: ['a', ' a\tb\r\nc ', 'é', 'x'.repeat(1024 * 1024)],
    bad: ['', 'a\u0001b', 'x'.repeat(1024 * 1024 + 1), 5, null],
  },
  { type: 'markdown', good: ['# *a*\n'], bad: ['', '\u000b'] },
  { type: 'code', good: ['a', 'a b', '+'], bad: ['', ' a', 'a ', 'a  b', 'a\u00a0', 'a\u0000b'] },
  { type: 'id', good: ['a', 'A-1.b', 'x'.repeat(64)], bad: ['', 'x'.repeat(65), 'a_b', 'a/b', 'a b'] },
  {
    type: 'uri',
    good: ['http://a/b?c#d', 'urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7', '#x'],
    bad: ['', 'a b', 'a\n', '\u0001'],
  },
  { type: 'canonical', good: ['http://a|1.0'], bad: ['http://a |1.0'] },
  { type: 'url', good: ['mailto:a@example.org'], bad: ['a b'] },
  {
    type: 'oid',
    good: ['urn:oid:1.2.3', 'urn:oid:2.0.4'],
    bad: ['1.2.3', 'urn:oid:3.1', 'urn:oid:1.02', 'urn:oid:1.'],
  },
  {
    type: 'uuid',
    good: ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520'],
    bad: ['c757873d-ec9a-4326-a141-556f43239520', 'urn:uuid:C757873D-EC9A-4326-A141-556F43239520'],
  },
  {
    type: 'base64Binary',
    good: ['QQ==', 'QUI=', 'QUJD', 'QU\nJD'],
    bad: ['', 'QQ', 'QQ=', '%%%2', '====', 'QQ==QQ==', 'Q=Q=', 'QUJ_'],
  },
]

describe.each(table)('the primitive type $type', ({ type, good, bad }) => {
  it('takes what is in its value space', () => {
    expect(good.filter((value) => !primitiveFormat(type).accepts(value))).toEqual([])
  })

  it('refuses what is not', () => {
    expect(bad.filter((value) => primitiveFormat(type).accepts(value))).toEqual([])
  })
})

/** FHIR R4 § Narrative: txt-1 (elements and attributes), txt-2 (not empty), and XML's own rules. */
describe('the primitive type xhtml', () => {
  const accepts = (inner: string) =>
    primitiveFormat('xhtml').accepts(`<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`)

  it.each([
    ['text', 'Hémoglobine 12&#160;g/dL &lt; 13'],
    [
      'formatting and tables',
      '<p class="a">x<br/></p><table><tbody><tr><td colspan="2">1</td></tr></tbody></table>',
    ],
    [
      'links, names and images',
      `<a href="http://example.org/?a=1&amp;b">x</a><a name='y'/><img src="#pic" alt="."/>`,
    ],
    ['an image alone', '<img src="data:image/png;base64,iVBORw0K\nGgo="/>'],
    ['a comment', '<!-- generated --> text'],
  ])('takes %s', (_, inner) => {
    expect(accepts(inner)).toBe(true)
  })

  it.each([
    ['a script', '<script>alert(1)</script>'],
    ['a form', '<form><input name="a"/></form>'],
    ['a frame', '<iframe src="http://example.org"></iframe>'],
    ['an event attribute', '<p onclick="alert(1)">x</p>'],
    ['a script in a link', '<a href="javascript:alert(1)">x</a>'],
    ['a script in a link, hidden by an entity', '<a href="java&#115;cript:alert(1)">x</a>'],
    ['a script in a link, hidden by a line feed', '<a href="java\nscript:alert(1)">x</a>'],
    ['an element of chapter 9 section 4', '<del>x</del>'],
    ['crossed tags', '<b><i>x</b></i>'],
    ['an element that does not end', '<p>x'],
    ['an end too many', 'x</p>'],
    ['an attribute without quotes', '<p class=a>x</p>'],
    ['an attribute twice', '<p class="a" class="b">x</p>'],
    ['a loose ampersand', 'a & b'],
    ['an entity that XML does not have', 'a&nbsp;b'],
    ['a processing instruction', '<?x y?>z'],
    ['a CDATA section', '<![CDATA[x]]>'],
    ['another namespace inside', '<p xmlns="http://www.w3.org/2000/svg">x</p>'],
    ['only white space', ' \n <p> </p>'],
  ])('refuses %s', (_, inner) => {
    expect(accepts(inner)).toBe(false)
  })

  it.each([
    ['a div without the namespace', '<div>x</div>'],
    ['a root other than div', '<p xmlns="http://www.w3.org/1999/xhtml">x</p>'],
    ['something after the div', '<div xmlns="http://www.w3.org/1999/xhtml">x</div><p>y</p>'],
    ['plain text', 'x'],
  ])('refuses %s', (_, text) => {
    expect(primitiveFormat('xhtml').accepts(text)).toBe(false)
  })
})

it('takes time in proportion to the length of a value, however it is made', () => {
  const hostile = [
    primitiveFormat('base64Binary').accepts('A'.repeat(4_000_000) + '%'),
    primitiveFormat('code').accepts('a '.repeat(1_000_000)),
    primitiveFormat('uri').accepts('a'.repeat(4_000_000) + ' '),
    primitiveFormat('oid').accepts('urn:oid:1' + '.1'.repeat(500_000) + 'x'),
    primitiveFormat('xhtml').accepts(`<div xmlns="http://www.w3.org/1999/xhtml"${' '.repeat(500_000)}a`),
    primitiveFormat('xhtml').accepts('<div xmlns="http://www.w3.org/1999/xhtml">' + '<!--'.repeat(250_000)),
    primitiveFormat('xhtml').accepts('<div xmlns="http://www.w3.org/1999/xhtml">' + '<b>'.repeat(250_000)),
  ]
  expect(hostile).toEqual(hostile.map(() => false))
}, 5_000)
