import { SaxesParser, type SaxesAttributeNS, type SaxesTagNS } from 'saxes'
import {
  isResourceType,
  typeDefinition,
  type PropertyDefinition,
  type TypeDefinition,
} from '../definitions.ts'
import { isObject, parseJson, type Json, type JsonObject, type Resource } from '../json.ts'
import { FhirError } from '../outcome.ts'
import { Narrative } from './xml-narrative.ts'
import { fhirNamespace } from './xml-text.ts'

/** An element is at most an object inside an array: so what comes out is within the 200 levels of JSON. */
const maxDepth = 99

/** Characters. Reading takes up to two and a half seconds for these, in which nobody else is answered. */
const maxLength = 10 * 1024 * 1024

/** On one element; FHIR's have three. */
const maxAttributes = 100

/**
 * Reads a resource from its XML form into the JSON form, which is then judged like any other: a value
 * that is none of its type stays text, for `validate` to find.
 *
 * @throws FhirError 400 `structure`: not well-formed, a document type, an encoding other than UTF-8, deeper
 *   than 99 elements; an element or attribute that the definitions do not have there, one out of order, or
 *   one that must not repeat. The message gives the place, never the text. 413 beyond 10 MB.
 * @see FHIR R4 § XML Representation
 */
export function parseXml(text: string): Resource {
  if (text.length > maxLength) throw FhirError.tooLong('XML of more than 10 MB: send JSON')
  return new Reader(text).document()
}

/** An element that is open. */
interface Frame {
  /** what its content is of; undefined: one resource */
  readonly type: TypeDefinition | undefined
  /** what it is of the frame before; undefined: the resource itself, of the document or of its wrapper */
  readonly property: PropertyDefinition | undefined
  readonly path: string
  readonly object: JsonObject
  /** of a primitive: the attribute, as the JSON value that it is */
  readonly value: Json | undefined
  /** position of the last child among the elements of its type */
  last: number
}

/** One pass over the events of the parser, with a stack: no recursion that a document could exhaust. */
class Reader {
  private readonly open: Frame[] = []
  // counting lines costs half of the time; the offset is there all the same
  private readonly parser = new SaxesParser({ xmlns: true, position: false })
  private readonly source: string
  private narrative: { readonly content: Narrative; readonly start: number } | undefined
  private root: Resource | undefined
  private attributeCount = 0

  constructor(source: string) {
    this.source = source
  }

  document(): Resource {
    const { parser } = this
    parser.on('error', () => this.fail('not well-formed'))
    parser.on('doctype', () => this.fail('a document type is not allowed'))
    parser.on('xmldecl', ({ version, encoding }) => {
      if (version !== '1.0' || !/^utf-8$/i.test(encoding ?? 'utf-8')) this.fail('XML 1.0 in UTF-8 expected')
    })
    parser.on('attribute', () => {
      if (++this.attributeCount > maxAttributes) this.fail(`more than ${maxAttributes} attributes`)
    })
    parser.on('opentag', (tag) => this.start(tag))
    parser.on('closetag', (tag) => this.end(tag))
    parser.on('text', (characters) => this.characters(characters))
    parser.on('cdata', (characters) => this.characters(characters))
    parser.write(this.source).close()
    return this.root ?? this.fail('a resource expected')
  }

  private start(tag: SaxesTagNS): void {
    this.attributeCount = 0
    if (this.narrative) {
      if (!this.narrative.content.open(tag)) this.fail('this is not part of a narrative')
      return
    }
    if (this.open.length >= maxDepth) this.fail(`deeper than ${maxDepth} elements`)
    const parent = this.open.at(-1)
    if (parent?.type) this.child(parent, parent.type, tag)
    else this.resource(parent, tag)
  }

  /** The root of the document, or what a `contained` or `resource` element wraps. */
  private resource(wrapper: Frame | undefined, tag: SaxesTagNS): void {
    const { local, uri } = tag
    if (uri !== fhirNamespace || !isResourceType(local)) {
      this.fail('a resource of an R4 type in the namespace of FHIR expected', wrapper?.path)
    }
    if (wrapper && isObject(wrapper.object['resource'])) this.fail('one resource expected', wrapper.path)
    const path = wrapper?.path ?? local
    for (const attribute of attributesOf(tag)) {
      if (wrapper !== undefined || attribute.uri !== schemaInstance)
        this.refuse('attribute', attribute.local, path)
    }
    const object = { resourceType: local }
    this.push({ type: typeDefinition(local), property: undefined, path, object, value: undefined, last: -1 })
  }

  private child(parent: Frame, type: TypeDefinition, tag: SaxesTagNS): void {
    const { local, uri } = tag
    const place = placesOf(type).get(local)
    const isNarrative = place?.property.type === 'xhtml'
    if (place === undefined || (!isNarrative && uri !== fhirNamespace)) {
      return this.refuse('element', local, parent.path)
    }
    const { property, position } = place
    const path = `${parent.path}.${property.choice ?? local}`
    if (position < parent.last) this.fail('out of the order that the definition gives', path)
    if (position === parent.last && !property.array) this.fail('must not repeat', path)
    parent.last = position
    if (isNarrative) return this.startNarrative(tag, path)
    const [object, value] = this.attributes(property, tag, path)
    const content = property.type === 'Resource' ? undefined : contentOf(property)
    this.push({ type: content, property, path, object, value, last: -1 })
  }

  /** The attributes of an element as members of its object, and apart from them the value of a primitive. */
  private attributes(
    property: PropertyDefinition,
    tag: SaxesTagNS,
    path: string,
  ): [JsonObject, Json | undefined] {
    const object: JsonObject = {}
    let value: Json | undefined
    for (const { local, uri, value: text } of attributesOf(tag)) {
      if (uri !== '' || property.type === 'Resource') this.refuse('attribute', local, path)
      else if (local === 'value' && property.primitive) value = jsonValue(property.type, text)
      else if (local === 'id' || (local === 'url' && property.type === 'Extension')) object[local] = text
      else this.refuse('attribute', local, path)
    }
    return [object, value]
  }

  private startNarrative(tag: SaxesTagNS, path: string): void {
    const content = new Narrative()
    if (!content.open(tag)) this.fail('a div in the namespace of XHTML expected', path)
    // in a tag that is well formed there is no other `<`
    this.narrative = { content, start: this.source.lastIndexOf('<', this.parser.position - 1) }
  }

  private end(tag: SaxesTagNS): void {
    if (this.narrative) {
      const { content, start } = this.narrative
      if (!content.close(tag)) return
      const parent = this.open.at(-1)
      if (parent) parent.object[tag.local] = content.value(this.source.slice(start, this.parser.position))
      this.narrative = undefined
      return
    }
    const frame = this.open.pop()
    const parent = this.open.at(-1)
    if (!frame) return
    if (parent === undefined)
      this.root = frame.object as Resource // made with its resourceType
    else if (frame.property === undefined) parent.object['resource'] = frame.object
    else if (frame.property.primitive) addPrimitive(parent.object, frame.property, frame)
    else add(parent.object, frame.property, this.content(frame))
  }

  private content({ type, object, path }: Frame): Json {
    if (type) return object
    return object['resource'] ?? this.fail('a resource expected', path)
  }

  private characters(text: string): void {
    if (this.narrative) this.narrative.content.characters(text)
    else if (/\S/.test(text)) this.fail('text outside of a narrative', this.open.at(-1)?.path)
  }

  private push(frame: Frame): void {
    this.open.push(frame)
  }

  /** A name is the sender's text: it is repeated only when it could be one of FHIR. */
  private refuse(what: 'element' | 'attribute', name: string, path: string): never {
    if (/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(name)) this.fail(`no such ${what}: ${name}`, path)
    this.fail(`an ${what} that FHIR does not have`, path)
  }

  private fail(what: string, path?: string): never {
    throw FhirError.structure(`not XML that can be read: ${what}, at offset ${this.parser.position}`, path)
  }
}

/** `xsi:schemaLocation`, which tools put on the root, says nothing of the resource. */
const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'

function attributesOf({ attributes }: SaxesTagNS): SaxesAttributeNS[] {
  return Object.values(attributes).filter(({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns')
}

interface Place {
  readonly property: PropertyDefinition
  /** among the elements of the type; the types of a choice share one */
  readonly position: number
}

const places = new Map<TypeDefinition, ReadonlyMap<string, Place>>()

/** The elements of a type by name: without `id` and `url` where these are attributes. */
function placesOf(type: TypeDefinition): ReadonlyMap<string, Place> {
  const found = places.get(type)
  if (found) return found
  const elements = [...type.properties.values()].filter(
    ({ name, path }) => path !== 'Extension.url' && (name !== 'id' || type.kind === 'resource'),
  )
  const order = [...new Set(elements.map(({ path }) => path))]
  const made = new Map(
    elements.map((property) => [property.name, { property, position: order.indexOf(property.path) }]),
  )
  places.set(type, made)
  return made
}

/** A primitive holds what every element does: an id and extensions. */
function contentOf({ primitive, type }: PropertyDefinition): TypeDefinition {
  return typeDefinition(primitive ? 'Element' : type)
}

function add(parent: JsonObject, { name, array }: PropertyDefinition, value: Json): void {
  if (array) append(parent, name, value, 0)
  else parent[name] = value
}

/** @see FHIR R4 § JSON Representation, "primitive elements" */
function addPrimitive(
  parent: JsonObject,
  { name, array }: PropertyDefinition,
  { value, object }: Frame,
): void {
  const isBare = Object.keys(object).length === 0 && value !== undefined
  const beside = isBare ? undefined : object
  if (array) {
    const count = Math.max(lengthOf(parent[name]), lengthOf(parent[`_${name}`]))
    append(parent, name, value, count)
    append(parent, `_${name}`, beside, count)
    return
  }
  if (value !== undefined) parent[name] = value
  if (beside !== undefined) parent[`_${name}`] = beside
}

/** Adds to a list; one that begins late is filled up with nulls. */
function append(parent: JsonObject, name: string, value: Json | undefined, count: number): void {
  const list = parent[name]
  if (Array.isArray(list)) list.push(value ?? null)
  else if (value !== undefined) parent[name] = [...Array.from({ length: count }, () => null), value]
}

function lengthOf(list: Json | undefined): number {
  return Array.isArray(list) ? list.length : 0
}

const numbers: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])
const numberToken = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function jsonValue(type: string, text: string): Json {
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (!numbers.has(type)) return text
  // an integer may have a plus sign in FHIR, which JSON does not have
  const token = type === 'decimal' ? text : text.replace(/^\+(?=[1-9])/, '')
  return numberToken.test(token) ? parseJson(token) : text
}
