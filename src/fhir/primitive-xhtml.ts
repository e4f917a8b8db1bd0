/**
 * What a narrative may hold: "only the basic HTML formatting elements described in chapters 7-11
 * (except section 4 of chapter 9) and 15 of the HTML 4.0 standard, <a> elements (either name or href),
 * images and internally contained style attributes". No script, form, frame, event or outer style.
 *
 * @see FHIR R4 § Narrative, constraints txt-1 and txt-2
 */
const elements = words(`
  a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em
  h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th
  thead tr tt ul var
`)

const attributes = words(`
  abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff charset cite class color
  colspan coords dir frame headers height href hreflang id ismap lang longdesc name nohref nowrap rel rev
  rowspan rules scope shape size space span src start style summary tabindex title type usemap valign value
  width xml:lang xml:space xmlns
`)

/** Attributes that a browser follows. */
const links = words('href src cite longdesc')

const attribute = /\s+([A-Za-z][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const startTag = /<([A-Za-z][A-Za-z0-9]*)/y
const startTagEnd = /\s*(\/?)>/y
const endTag = /<\/([A-Za-z][A-Za-z0-9]*)\s*>/y
const characters = /[^<&]+/y
/** Those of XML: there is no document type that could define `&nbsp;`. */
const entity = /&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);/y
const looseAmpersand = /&(?!(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)/

/**
 * Whether text is one well-formed `div` in the XHTML namespace, of allowed elements and attributes,
 * and says something: it holds an image or text that is not white space.
 */
export function isXhtmlDiv(text: string): boolean {
  return new Scanner(text).div()
}

/** One pass from left to right; every expression is sticky, so that none looks at a character twice. */
class Scanner {
  private at = 0
  private readonly open: string[] = []
  private saysSomething = false
  private readonly text: string
  constructor(text: string) {
    this.text = text.trim()
  }

  div(): boolean {
    if (!/^<div[\s>]/.test(this.text) || !this.start()) return false
    while (this.open.length > 0) {
      if (!(this.characters() || this.comment() || this.end() || this.start())) return false
    }
    return this.at === this.text.length && this.saysSomething
  }

  private characters(): boolean {
    const found = this.take(characters) ?? this.take(entity)
    if (found === undefined) return false
    if (/\S/.test(found[0])) this.saysSomething = true
    return true
  }

  private comment(): boolean {
    if (!this.text.startsWith('<!--', this.at)) return false
    const dashes = this.text.indexOf('--', this.at + 4)
    if (dashes < 0 || this.text[dashes + 2] !== '>') return false
    this.at = dashes + 3
    return true
  }

  private end(): boolean {
    const name = this.take(endTag)?.[1]
    return name !== undefined && this.open.pop() === name
  }

  private start(): boolean {
    const name = this.take(startTag)?.[1]
    if (name === undefined || !elements.has(name) || !this.attributes(name)) return false
    const end = this.take(startTagEnd)
    if (end === undefined) return false
    if (end[1] !== '/') this.open.push(name)
    if (name === 'img') this.saysSomething = true
    return true
  }

  private attributes(element: string): boolean {
    const seen = new Map<string, string>()
    for (;;) {
      const found = this.take(attribute)
      if (found === undefined) break
      const name = found[1] ?? ''
      const value = found[2] ?? found[3] ?? ''
      if (seen.has(name) || !isAllowed(name, value)) return false
      seen.set(name, value)
    }
    const namespace = seen.get('xmlns')
    return namespace === undefined
      ? this.open.length > 0
      : element === 'div' && namespace === 'http://www.w3.org/1999/xhtml'
  }

  private take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at
    const found = expression.exec(this.text)
    if (found === null) return undefined
    this.at = expression.lastIndex
    return found
  }
}

function isAllowed(name: string, value: string): boolean {
  if (!attributes.has(name) || looseAmpersand.test(value)) return false
  return !links.has(name) || isHarmlessLink(value)
}

/** Browsers skip white space and control characters in a scheme, and resolve entities: so none hides one. */
function isHarmlessLink(value: string): boolean {
  // eslint-disable-next-line no-control-regex
  const dense = value.replace(/[\x00-\x20]+/g, '')
  if (/^[^/?#]*&/.test(dense)) return false
  return !/^(?:javascript|vbscript|data:(?!image\/))/i.test(dense)
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''))
}
