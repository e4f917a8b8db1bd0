import { canary, sent, withHeaders, type BadRequest } from './bad-request.ts'

const fhir = 'xmlns="http://hl7.org/fhir"'
const root = (content: string, attributes = fhir) => `<Patient ${attributes}>${content}</Patient>`
const narrative = (content: string) =>
  root(`<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">${content}</div></text>`)
const entities = [...Array(9).keys()]
  .map((index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`)
  .join('')

const malformed: readonly (readonly [what: string, body: string])[] = [
  ['entities that expand a milliard times', `<!DOCTYPE x [<!ENTITY e0 "x">${entities}]>${root('&e9;')}`],
  [
    'an external entity',
    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${root('<language value="&e;"/>')}`,
  ],
  ['a parameter entity', `<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/${canary}">%e;]>${root('')}`],
  ['a document type alone', `<!DOCTYPE Patient>${root('')}`],
  ['a document type that is public', `<!DOCTYPE Patient PUBLIC "-//x" "http://127.0.0.1:1/">${root('')}`],
  ['an entity that is not known', root(`<language value="&${canary};"/>`)],
  ['an attribute list', `<!DOCTYPE Patient [<!ATTLIST Patient xmlns CDATA "x">]>${root('')}`],
  ['no content', ''],
  ['white space', ' \n '],
  ['text', canary],
  ['JSON', '{"resourceType":"Patient"}'],
  ['a root that does not end', `<Patient ${fhir}>`],
  ['end tags that cross', root('<name><given value="x"></name></given>')],
  ['two roots', root('') + root('')],
  ['text after the root', root('') + canary],
  ['text in an element', root(canary)],
  ['CDATA in an element', root(`<![CDATA[${canary}]]>`)],
  ['an attribute twice', root('<active value="true" value="false"/>')],
  ['an attribute without quotes', root('<active value=true/>')],
  ['an attribute of 100,000 characters that is none', root(`<active ${'a'.repeat(100_000)}="1"/>`)],
  ['10,000 attributes', root(`<active ${[...Array(10_000).keys()].map((n) => `a${n}="1"`).join(' ')}/>`)],
  ['10,000 namespaces', root('', [...Array(10_000).keys()].map((n) => `xmlns:n${n}="u:${n}"`).join(' '))],
  ['a name of a megabyte', `<${'a'.repeat(1_000_000)}/>`],
  ['10,000 levels', '<a>'.repeat(10_000)],
  ['10,000 levels of extensions', root('<extension url="u:x">'.repeat(10_000))],
  ['100 levels of contained resources', '<Patient><contained>'.repeat(100)],
  ['no namespace', root('', '')],
  ['the namespace of HL7 Version 3', root('', 'xmlns="urn:hl7-org:v3"')],
  ['a namespace that a prefix has not', '<f:Patient/>'],
  ['a child of another namespace', root('<active xmlns="urn:x" value="true"/>')],
  ['an attribute of another namespace', root('<active xmlns:x="urn:x" x:value="true"/>')],
  ['xml bound to another namespace', root('', `${fhir} xmlns:xml="urn:x"`)],
  ['a schema that comes along', root('<active xmlns:xsi="urn:x" xsi:nil="true"/>')],
  ['an abstract type', `<DomainResource ${fhir}/>`],
  ['a data type as the root', `<HumanName ${fhir}/>`],
  ['__proto__ as the root', `<__proto__ ${fhir}/>`],
  ['__proto__ as an element', root('<__proto__ value="x"/>')],
  ['constructor as an element', root('<constructor><prototype value="x"/></constructor>')],
  ['hasOwnProperty as an attribute', root('<active hasOwnProperty="x"/>')],
  ['resourceType as an element', root('<resourceType value="Group"/>')],
  ['a colour', root(`<colour value="${canary}"/>`)],
  ['elements out of their order', root('<birthDate value="2000"/><active value="true"/>')],
  ['an element that must not repeat', root('<active value="true"/><active value="false"/>')],
  ['two resources in one contained', root('<contained><Group/><Group/></contained>')],
  ['a contained that is empty', root('<contained/>')],
  ['XML 1.1', `<?xml version="1.1"?>${root('')}`],
  ['UTF-16 declared', `<?xml version="1.0" encoding="UTF-16"?>${root('')}`],
  ['a declaration after the beginning', `${root('')}<?xml version="1.0"?>`],
  ['NUL', root('<language value="a\0b"/>')],
  ['NUL by its number', root('<language value="&#0;"/>')],
  ['a lone surrogate by its number', root('<language value="&#xD800;"/>')],
  ['a character beyond Unicode', root('<language value="&#x110000;"/>')],
  ['a number that is none', root('<language value="&#xZZ;"/>')],
  ['a control character by its number', root('<language value="&#1;"/>')],
  ['SVG in the narrative', narrative('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
  ['two hyphens in a comment', `<!-- -- -->${root('')}`],
  ['a comment that does not end', `<!-- ${canary}`],
  ['CDATA that does not end', narrative('<![CDATA[')],
  ['a processing instruction that does not end', `<?php ${canary}`],
]

const invalid: readonly (readonly [what: string, body: string])[] = [
  ['a script in the narrative', narrative(`<script>${canary}</script>`)],
  ['an event handler in the narrative', narrative('<p onclick="x()">x</p>')],
  ['a frame in the narrative', narrative('<iframe src="http://x.example"/>')],
  ['a link of JavaScript in the narrative', narrative('<a href="javascript:x()">x</a>')],
  ['an object in the narrative', narrative('<object data="x"/>')],
  ['a boolean that is text', root(`<active value="${canary}"/>`)],
  ['a code outside its value set', root(`<gender value="${canary}"/>`)],
  ['a date that is none', root(`<birthDate value="${canary}"/>`)],
  ['an integer that is none', root('<multipleBirthInteger value="1e9"/>')],
]

/** XML that is none, or no FHIR. */
export const badXml: readonly BadRequest[] = [
  ...malformed.map(([what, body]) => sent('POST', '/fhir/Patient', `XML: ${what}`, body, 400)),
  ...invalid.map(([what, body]) => sent('POST', '/fhir/Patient', `XML: ${what}`, body, 422)),
  sent('POST', '/fhir/Patient', 'XML: UTF-16', Buffer.from(`\ufeff${root('')}`, 'utf16le'), 400),
  sent('POST', '/fhir/Patient', 'XML: bytes that are no UTF-8', Buffer.from([0x3c, 0xff, 0xfe, 0x3e]), 400),
].map((bad) => withHeaders(bad, { 'Content-Type': 'application/fhir+xml' }))
