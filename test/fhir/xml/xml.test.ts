import fc from 'fast-check'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { parseJson, type JsonObject, type Resource } from '../../../src/fhir/json.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'
import { validate } from '../../../src/fhir/validation/validate.ts'
import { parseXml } from '../../../src/fhir/xml/xml-parse.ts'
import { writeXml } from '../../../src/fhir/xml/xml-write.ts'

const patient = (content: string) => `<Patient xmlns="http://hl7.org/fhir">${content}</Patient>`
const resource = (members: JsonObject): Resource => ({ resourceType: 'Patient', ...members })
const div = (content: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>`
const json = (text: string) => parseJson(text) as Resource

/** One resource in both forms; the XML as `writeXml` writes it. */
const pairs: readonly (readonly [what: string, xml: string, json: Resource])[] = [
  [
    'booleans, integers and decimals with their digits',
    '<Observation xmlns="http://hl7.org/fhir"><status value="final"/><component><code><text value="a"/></code>' +
      '<valueInteger value="-3"/></component><component><code><text value="b"/></code>' +
      '<valueQuantity><value value="1.50"/></valueQuantity></component><component><code><text value="c"/></code>' +
      '<valueBoolean value="false"/></component></Observation>',
    json(`{"resourceType":"Observation","status":"final","component":[
      {"code":{"text":"a"},"valueInteger":-3},{"code":{"text":"b"},"valueQuantity":{"value":1.50}},
      {"code":{"text":"c"},"valueBoolean":false}]}`),
  ],
  [
    'id and extensions of a primitive',
    patient(
      '<birthDate id="b" value="1970"><extension url="http://x"><valueCode value="c"/></extension></birthDate>',
    ),
    resource({
      birthDate: '1970',
      _birthDate: { id: 'b', extension: [{ url: 'http://x', valueCode: 'c' }] },
    }),
  ],
  [
    'a primitive that has an extension instead of a value',
    patient('<active><extension url="http://x"><valueInteger value="1"/></extension></active>'),
    resource({ _active: { extension: [{ url: 'http://x', valueInteger: 1 }] } }),
  ],
  [
    'a list whose members have values, extensions or both',
    patient(
      '<name><given id="1"/><given value="a"/><given id="3" value="b"/><given value="c"/></name><name><given id="x"/></name>',
    ),
    resource({
      name: [
        { given: [null, 'a', 'b', 'c'], _given: [{ id: '1' }, null, { id: '3' }, null] },
        { _given: [{ id: 'x' }] },
      ],
    }),
  ],
  [
    'resources inside resources',
    patient(
      '<contained><Patient><id value="p"/></Patient></contained><contained><Group><active value="true"/></Group></contained>',
    ),
    resource({ contained: [resource({ id: 'p' }), { resourceType: 'Group', active: true }] }),
  ],
  [
    'a narrative',
    patient(
      `<text><status value="generated"/>${div('a &lt; <b title="&quot;">b</b><br/>\n<!-- c -->')}</text><active value="true"/>`,
    ),
    resource({
      text: { status: 'generated', div: div('a &lt; <b title="&quot;">b</b><br/>\n<!-- c -->') },
      active: true,
    }),
  ],
  [
    'what XML escapes, and white space that an attribute would lose',
    patient('<name><text value="&lt;a&gt; &amp; &quot;b&quot; &#9;&#10;&#13; 𝄞"/></name>'),
    resource({ name: [{ text: '<a> & "b" \t\n\r 𝄞' }] }),
  ],
  ['a resource without content', patient('').replace('></Patient>', '/>'), resource({})],
]

describe('the XML of a resource', () => {
  it.each(pairs)('has a JSON form: %s', (_, xml, expected) => {
    expect(parseXml(xml)).toEqual(expected)
  })

  it.each(pairs)('is written from JSON: %s', (_, xml, given) => {
    expect(writeXml(given)).toBe(`<?xml version="1.0" encoding="UTF-8"?>${xml}`)
  })

  it('has its elements in the order of the definition, whatever that of the JSON', () => {
    const given = resource({
      birthDate: '1970',
      _active: { id: 'a' },
      name: [{ given: ['x'], family: 'y' }],
      id: '1',
    })
    expect(writeXml(given, true)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <id value="1"/>
  <active id="a"/>
  <name>
    <family value="y"/>
    <given value="x"/>
  </name>
  <birthDate value="1970"/>
</Patient>`)
  })

  it('is what comes back, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.boolean(), (text, isPretty) => {
        // what XML 1.0 has no character for
        const isLost = (one: string) => (one < ' ' && !'\t\n\r'.includes(one)) || '\ufffe\uffff'.includes(one)
        const kept = [...text].map((one) => (isLost(one) ? '\ufffd' : one)).join('')
        const named = (family: string) => resource({ name: [{ family, _family: { id: 'a' } }] })
        expect(parseXml(writeXml(named(text), isPretty))).toEqual(named(kept))
      }),
    )
  })

  it('keeps a narrative that is none inside its div', () => {
    for (const bad of [
      '</div></text><active value="true"/>',
      '<div>',
      div('&nbsp;'),
      div('<script>1</script>'),
    ]) {
      const back = parseXml(writeXml(resource({ text: { status: 'generated', div: bad } })))
      expect(back).toEqual(resource({ text: { status: 'generated', div: expect.any(String) as string } }))
    }
  })
})

describe('XML that others write', () => {
  it('may have prefixes, comments, instructions, CDATA in a narrative, a schema location', () => {
    const xml = `\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?><?a b?><!-- c -->
      <f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir ../x.xsd">
        <f:text><f:status value="generated"/>
          <h:div xml:lang="fr">a <h:b class='"'><![CDATA[<&>]]></h:b>&#233;</h:div></f:text>
        <f:active value="true"><!-- c --></f:active>
      </f:Patient>`
    const narrative = div('a <b class="&quot;">&lt;&amp;&gt;</b>é').replace('>a', ' xml:lang="fr">a')
    expect(parseXml(xml)).toEqual(resource({ text: { status: 'generated', div: narrative }, active: true }))
  })

  it('leaves a value that is none of its type for validation to find', () => {
    const found = parseXml(patient('<active value="TRUE"/><multipleBirthInteger value="0x1"/>'))
    expect(validate(found).map(({ expression }) => expression?.[0])).toEqual([
      'Patient.active',
      'Patient.multipleBirth',
    ])
    expect(parseXml(patient('<multipleBirthInteger value="+2"/>'))).toEqual(
      resource({ multipleBirthInteger: 2 }),
    )
  })

  it.each([
    ['nothing', '', undefined],
    ['JSON', '{"resourceType":"Patient"}', undefined],
    ['what is not well-formed', patient('<active value="true">'), undefined],
    ['an attribute twice', patient('<active value="true" value="true"/>'), undefined],
    ['a second root', patient('') + patient(''), undefined],
    ['a document type', `<!DOCTYPE Patient>${patient('')}`, undefined],
    [
      'an entity of one',
      `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${patient('&b;')}`,
      undefined,
    ],
    ['an entity that nobody declared', patient('<id value="&nbsp;"/>'), undefined],
    ['a reference to NUL', patient('<id value="&#0;"/>'), undefined],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${patient('')}`, undefined],
    ['XML 1.1', `<?xml version="1.1"?>${patient('')}`, undefined],
    ['no namespace', '<Patient/>', undefined],
    ['another namespace', '<Patient xmlns="urn:hl7-org:v3"/>', undefined],
    ['no resource', '<HumanName xmlns="http://hl7.org/fhir"/>', undefined],
    ['an attribute on a resource', patient('').replace('>', ' id="1">'), 'Patient'],
    ['an unknown element', patient('<nome/>'), 'Patient'],
    ['an element of another namespace', patient('<id xmlns="urn:x" value="1"/>'), 'Patient'],
    [
      'more attributes than anything has',
      patient('').replace('>', `${Array.from({ length: 101 }, (_, n) => ` xmlns:a${n}="urn:a"`).join('')}>`),
      undefined,
    ],
    ['an unknown attribute', patient('<active Value="true"/>'), 'Patient.active'],
    ['a value on what is no primitive', patient('<name value="x"/>'), 'Patient.name'],
    ['an id as an element', patient('<name><id value="x"/></name>'), 'Patient.name'],
    ['text', patient('<active>true</active>'), 'Patient.active'],
    ['elements out of order', patient('<birthDate value="1970"/><active value="true"/>'), 'Patient.active'],
    ['a repeated element', patient('<active value="true"/><active value="true"/>'), 'Patient.active'],
    [
      'two types of a choice',
      patient('<deceasedBoolean value="true"/><deceasedDateTime/>'),
      'Patient.deceased',
    ],
    ['a narrative elsewhere', patient(div('x')), 'Patient'],
    ['a narrative in the namespace of FHIR', patient('<text><div>x</div></text>'), 'Patient.text.div'],
    [
      'an element of FHIR in a narrative',
      patient(`<text>${div('<id xmlns="http://hl7.org/fhir"/>')}</text>`),
      undefined,
    ],
    ['contained without a resource', patient('<contained/>'), 'Patient.contained'],
    ['contained with two', patient('<contained><Patient/><Patient/></contained>'), 'Patient.contained'],
    ['contained with no resource', patient('<contained><name/></contained>'), 'Patient.contained'],
  ])('is refused: %s', (_, xml, where) => {
    let error: unknown
    try {
      parseXml(xml)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(FhirError)
    const { status, issues } = error as FhirError
    expect([status, issues[0]?.code, issues[0]?.expression?.[0]]).toEqual([400, 'structure', where])
  })

  it('is refused at a depth that JSON would not have either, and beyond 10 MB', () => {
    const nested = (depth: number) =>
      patient('<extension url="a">'.repeat(depth) + '</extension>'.repeat(depth))
    expect(() => parseXml(nested(98))).not.toThrow()
    expect(() => parseXml(nested(100_000))).toThrow(/deeper than 99 elements/)
    expect(() => parseXml(patient(`<text>${div('<b>'.repeat(2_000_000))}</text>`))).toThrow(
      /not part of a narrative, at offset \d{3}$/,
    )
    expect(() => parseXml(patient(' '.repeat(10 * 1024 * 1024)))).toThrow(
      expect.objectContaining({ status: 413 }) as Error,
    )
  })

  it('is never repeated by what refuses it', () => {
    const refuse = (xml: string) => () => parseXml(xml)
    expect(refuse(patient('<nom-né/>'))).toThrow(
      /^not XML that can be read: an element that FHIR does not have/,
    )
    expect(refuse(patient('<Dupont'))).toThrow(/^not XML that can be read: not well-formed, at offset \d+$/)
  })
})

describe("HL7's examples", () => {
  const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
  const names = readdirSync(folder).filter((name) => /^[A-Z]\w+-.*\.json$/.test(name))

  // all of them take 15 s; one in sixteen, of all kinds, is enough for every day
  it('come back from XML as they were', () => {
    const sample = names.filter((_, index) => index % 16 === 0)
    const valid = sample
      .map((name) => [name, json(readFileSync(`${folder}/${name}`, 'utf8'))] as const)
      .filter(([, example]) => validate(example).length === 0)
    expect(valid.length).toBeGreaterThan(300)
    for (const [name, example] of valid) {
      expect([name, parseXml(writeXml(example, name.length % 2 === 0))]).toEqual([name, example])
    }
  })
})
