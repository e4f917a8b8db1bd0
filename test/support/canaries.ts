import { byCanonical, typeDefinition, type PropertyDefinition } from '../../src/fhir/definitions.ts'
import type { Json, JsonObject, Resource } from '../../src/fhir/json.ts'
import { codes, expansion } from '../../src/fhir/terminology/terminology.ts'
import { extensionRules, extensionSplit } from '../../src/resources/extension-split.ts'
import { splitRules } from '../../src/resources/identity-split.ts'

/** What every canary begins with: long enough that no ciphertext, hash or number holds it by chance. */
export const stem = 'ZqCanaryXv'
/** The birth date of every canaried patient: of nobody else in a test's database. */
export const canaryBirthDate = '1937-11-23'

/** Texts that only the vault may hold, each of them unique; what was planted where is kept for the record. */
export class Canaries {
  /** path of the element by canary */
  readonly planted = new Map<string, string>()

  next(path: string): string {
    const canary = `${stem}${String(this.planted.size).padStart(6, '0')}`
    this.planted.set(canary, path)
    return canary
  }
}

export interface Subject {
  /** logical id of the Patient that everything is about */
  readonly patient: string
  /** `YYYY-MM-DD` of every date but the birth date, so that a search can tell dates from each other */
  readonly day: string
}

/** Datatypes that hold identity or text whatever their parts are called: in them every part has a canary. */
const identityTypes: ReadonlySet<string> = new Set([
  ...['HumanName', 'ContactPoint', 'Address', 'Identifier', 'Attachment', 'Annotation', 'Narrative'],
  'sealed',
])
/** Every type that the value of an extension may have. */
const extensionValues = [...typeDefinition('Extension').properties.values()].filter(
  ({ choice }) => choice === 'value',
)
/** `meta` is planted by hand; `contained` and the server's own business are not elements of identity. */
const leftOut: ReadonlySet<string> = new Set(['implicitRules', 'meta', 'contained', 'modifierExtension'])

/** How many resources it takes until every type of every choice element of a type has had its turn. */
export function variantsOf(type: string): number {
  const choices = [...typeDefinition(type).properties.values()].map(({ choice }) => choice)
  return Math.max(...choices.map((one) => choices.filter((other) => one && other === one).length), 1)
}

/**
 * A valid resource with every element that the definitions know for its type, in which each name, number,
 * narrative, free text, attachment, extension and contained resource carries a canary of its own.
 *
 * @param variant which type its choice elements take, counted from 0 and starting over
 * @param extent `own`: without contained resources and without extensions of every type in one place, a
 *   sixth of the size; each extension of it has a value of another type than the one before
 */
export function canaryResource(
  canaries: Canaries,
  type: string,
  id: string,
  subject: Subject,
  variant: number,
  extent: 'whole' | 'own' = 'whole',
): Resource {
  const builder = new CanaryBuilder(canaries, subject, variant)
  return extent === 'whole' ? builder.whole(type, id) : builder.own(type, id)
}

class CanaryBuilder {
  private readonly canaries: Canaries
  private readonly subject: Subject
  private readonly variant: number
  private seconds = 0
  private type = ''
  /** which type the value of the next extension has */
  private turn: number

  constructor(canaries: Canaries, subject: Subject, variant: number) {
    this.canaries = canaries
    this.subject = subject
    this.variant = variant
    this.turn = variant
  }

  whole(type: string, id: string): Resource {
    const own = this.own(type, id)
    if (!typeDefinition(type).properties.has('contained')) return own
    const contained = ['Practitioner', 'RelatedPerson', 'Patient', 'Organization'].map((name) => ({
      resourceType: name,
      ...this.object(name, `${type}.contained(${name})`, [name]),
      id: `inner-${name}`,
    }))
    const pointers = contained.map((inner) => ({
      url: 'http://example.org/inner',
      valueReference: { reference: `#${inner.id}` },
    }))
    return { ...own, contained, extension: [...pointers, ...this.extensionsOfEveryType(type)] }
  }

  own(type: string, id: string): Resource {
    this.type = type
    const meta = {
      tag: [{ system: 'http://example.org/tag', code: 'x', display: this.text(`${type}.meta.tag`) }],
    }
    return { resourceType: type, ...this.object(type, type, [type]), id, meta }
  }

  /** @param within types around this one: none is entered twice, so that every resource ends */
  private object(type: string, path: string, within: readonly string[], concept?: Concept): JsonObject {
    const out: JsonObject = {}
    const properties = [...typeDefinition(type).properties.values()].filter(
      ({ name, type: inner }) => !leftOut.has(name) && inner !== 'Resource' && !within.includes(inner),
    )
    for (const property of properties) {
      const { name } = property
      const isResource = !path.includes('.') || path.endsWith(')')
      if ((name === 'id' && isResource) || !this.isChosen(property, properties)) continue
      const at = `${path}.${name}`
      if (type === 'Reference' && name === 'type') continue
      if (name === 'extension') {
        if (within.length < 4) out[name] = [this.extension(at, splitRules(type).get(name) === 'seal')]
        continue
      }
      const value = property.primitive
        ? this.primitive(property, at, within, concept, splitRules(type).get(name) === 'seal')
        : this.object(property.type, at, [...within, property.type], conceptOf(property) ?? concept)
      if (property.type === 'Reference')
        Object.assign(value as JsonObject, this.literal(at, property.targets))
      out[name] = property.array ? [value] : value
      const hasSibling = property.primitive && name !== 'id' && property.type !== 'xhtml' && name !== 'url'
      if (hasSibling && within.length < 3) {
        const isSealed = splitRules(type).get(`_${name}`) === undefined
        const sibling = { extension: [this.extension(`${path}._${name}`, isSealed)] }
        out[`_${name}`] = property.array ? [sibling] : sibling
      }
    }
    return out
  }

  private isChosen({ choice, name }: PropertyDefinition, properties: readonly PropertyDefinition[]): boolean {
    if (choice === undefined) return true
    const names = properties.filter((other) => other.choice === choice).map((other) => other.name)
    return names[this.variant % names.length] === name
  }

  /** Leads to the patient wherever it may; `object` made the display and the identifier. */
  private literal(path: string, targets: readonly string[]): JsonObject {
    const about = /\.(subject|patient|focus|entity|other)(\.|$)/.test(path)
    const mayBe = targets.length === 0 || targets.includes('Patient')
    return about && mayBe ? { reference: `Patient/${this.subject.patient}` } : {}
  }

  /** @param isSealed whatever its value: that has to have room for a canary, then */
  private extension(path: string, isSealed: boolean): JsonObject {
    if (isSealed) return { url: `http://example.org/${this.text(path)}`, valueString: this.text(path) }
    const property = extensionValues[this.turn++ % extensionValues.length]
    return property ? this.extensionOf(property, `${path}.${property.name}`) : {}
  }

  /** Every other one of them inside another extension. */
  private extensionsOfEveryType(path: string): JsonObject[] {
    const half = (which: number, url?: string) =>
      extensionValues
        .filter((_, index) => (index + this.variant) % 2 === which)
        .map((property) => this.extensionOf(property, `${path}.extension.${property.name}`, url))
    return [...half(0), { url: 'http://example.org/around', extension: half(1, 'part') }]
  }

  private extensionOf(
    property: PropertyDefinition,
    path: string,
    url = 'http://example.org/extension',
  ): JsonObject {
    const { name, type } = property
    const isSealed = extensionRules(extensionSplit(url, this.type, undefined)).get(name) === 'seal'
    const place = isSealed ? 'sealed' : 'kept'
    const value = property.primitive
      ? this.primitive(property, path, [place], undefined, isSealed)
      : this.object(type, path, [place, place, place, type]) // as deep as extensions are planted
    return { url, [name]: value }
  }

  private text(path: string): string {
    return this.canaries.next(path)
  }

  private primitive(
    property: PropertyDefinition,
    path: string,
    within: readonly string[],
    concept?: Concept,
    isSealed = false,
  ): Json {
    const { type, name } = property
    if (property.binding?.strength === 'required') return codeFor(property.binding.valueSet)
    const isIdentity = isSealed || within.some((one) => identityTypes.has(one))
    switch (type) {
      case 'string':
      case 'markdown':
        return this.text(path)
      case 'xhtml':
        return `<div xmlns="http://www.w3.org/1999/xhtml"><p title="${this.text(path)}">${this.text(path)}</p></div>`
      case 'base64Binary':
        return Buffer.from(this.text(path)).toString('base64')
      case 'code':
        if (within.at(-1) === 'Coding') return concept?.code ?? '718-7'
        return isIdentity && name !== 'language' ? this.text(path) : name === 'language' ? 'fr' : 'g/dL'
      case 'uri':
      case 'url':
      case 'canonical':
        if (isIdentity) return `http://example.org/${this.text(path)}`
        if (within.at(-1) === 'Coding') return concept?.system ?? 'http://loinc.org'
        return 'http://unitsofmeasure.org'
      case 'id':
        if (isSealed) return this.text(path)
        return this.plain(property, this.subject.day)
      default:
        return this.plain(
          property,
          isSealed || within.includes('sealed') ? canaryBirthDate : this.subject.day,
        )
    }
  }

  private plain({ type, path }: PropertyDefinition, day: string): Json {
    this.seconds += 1
    const time = new Date(this.seconds * 1000).toISOString().slice(14, 19)
    if (path === 'Patient.birthDate') return canaryBirthDate
    switch (type) {
      case 'boolean':
        return true
      case 'date':
        return day
      case 'dateTime':
      case 'instant':
        return `${day}T11:${time}+01:00`
      case 'time':
        return `11:${time}`
      case 'id':
        return `1.2.840.113619.2.55.${this.subject.day.replaceAll('-', '')}.${this.variant}.${this.seconds}`
      case 'oid':
        return 'urn:oid:1.2.250.1.213'
      case 'uuid':
        return 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'
      default:
        return 3
    }
  }
}

interface Concept {
  readonly system: string
  readonly code: string
}

/** A concept that a required binding takes. */
function conceptOf({ binding }: PropertyDefinition): Concept | undefined {
  if (binding?.strength !== 'required') return undefined
  const { valueSet } = binding
  const compose = byCanonical.get(valueSet)?.['compose'] as { include?: { system?: string }[] } | undefined
  for (const { system } of compose?.include ?? []) {
    const code = [...(codes(valueSet) ?? [])].find((one) => expansion(valueSet)?.has(system, one))
    if (system !== undefined && code !== undefined) return { system, code }
  }
  return undefined
}

/** A code of a ValueSet; of those that no package lists, one that is known to be right. */
function codeFor(valueSet: string): string {
  const [first] = codes(valueSet) ?? []
  if (first !== undefined) return first
  const known: Record<string, string> = { mimetypes: 'text/plain', currencies: 'EUR', 'all-languages': 'fr' }
  return known[valueSet.slice(valueSet.lastIndexOf('/') + 1)] ?? 'x'
}
