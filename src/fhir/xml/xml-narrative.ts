import type { SaxesTagNS } from 'saxes'
import { isXhtmlDiv } from '../primitive-xhtml.ts'
import { escapeXml, isXmlCharacter, xhtmlNamespace, xmlCharacters } from './xml-text.ts'

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace'

/** No layout needs more; a parser looks for a namespace through all that is open. */
const maxDepth = 100

/**
 * A narrative while its XML is read. JSON holds it as the text of one `div` that stands for itself, so
 * prefixes and namespaces that were declared further out must be resolved.
 *
 * @see FHIR R4 § JSON Representation, "XHTML"
 */
export class Narrative {
  private text = ''
  private depth = 0

  /** @returns whether the element, and each of its attributes, can be part of a narrative */
  open(tag: SaxesTagNS): boolean {
    if (tag.uri !== xhtmlNamespace || this.depth >= maxDepth) return false
    this.text += `<${tag.local}${this.depth === 0 ? ` xmlns="${xhtmlNamespace}"` : ''}`
    this.depth++
    for (const { prefix, local, name, uri, value } of Object.values(tag.attributes)) {
      if (prefix === 'xmlns' || name === 'xmlns') continue
      if (uri !== '' && uri !== xmlNamespace) return false
      this.text += ` ${uri === '' ? local : `xml:${local}`}="${escapeXml(value)}"`
    }
    this.text += tag.isSelfClosing ? '/>' : '>'
    return true
  }

  characters(text: string): void {
    this.text += text.replace(/[&<>]/g, escapeXml)
  }

  /** @returns whether that was the end of the `div` */
  close(tag: SaxesTagNS): boolean {
    if (!tag.isSelfClosing) this.text += `</${tag.local}>`
    return --this.depth === 0
  }

  /**
   * The narrative as JSON holds it: as it was written, where that stands for itself.
   *
   * @param source the same `div` as it stood in the document
   */
  value(source: string): string {
    return isXhtmlDiv(source) ? source : this.text
  }
}

/**
 * The XML of a narrative. What is not one well-formed `div` (it was stored without validation) is shown
 * as text, so that it cannot reach beyond itself.
 */
export function narrativeXml(div: string): string {
  const safe = xmlCharacters(div.trim()).replace(reference, (found, hex?: string, decimal?: string) => {
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16)
    return isXmlCharacter(code) ? found : '\ufffd'
  })
  return isXhtmlDiv(safe) ? safe : `<div xmlns="${xhtmlNamespace}">${escapeXml(div)}</div>`
}

const reference = /&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi
