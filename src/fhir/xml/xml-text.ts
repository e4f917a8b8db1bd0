/** The namespaces of a resource's XML form. @see FHIR R4 § XML Representation */
export const fhirNamespace = 'http://hl7.org/fhir'
export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml'

// eslint-disable-next-line no-control-regex
const notXml = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu

/** The text with U+FFFD for each character that XML 1.0 cannot hold, not even as a reference. */
export function xmlCharacters(text: string): string {
  return text.replace(notXml, '\ufffd')
}

/** @see XML 1.0 § 2.2, "Characters" */
export function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 9 || code === 10 || code === 13
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff)
}

/** A parser makes blanks of tabs and line ends in an attribute, unless they are references. */
const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** Text as the value of an attribute in double quotes, or as content. */
export function escapeXml(text: string): string {
  return xmlCharacters(text).replace(/[&<>"\t\n\r]/g, (character) => references[character] ?? character)
}
