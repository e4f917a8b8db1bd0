import { isObject, stringifyJson, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { extensionRules, extensionSplit, type ExtensionSplit } from '../resources/extension-split.ts'
import { splitRules, type SplitRule } from '../resources/identity-split.ts'

/** A resource as two texts: what lies in clear, and the pieces that complete it. */
export interface SplitText {
  /** JSON of what does not identify */
  readonly clear: string
  readonly fragments: readonly Fragment[]
}

/** At offset `at` of the clear text (UTF-16 units), `drop` units make way for `text`. In ascending order. */
export interface Fragment {
  readonly at: number
  readonly drop: number
  readonly text: string
}

/**
 * How a reference is laid down: as it is or by patient key (`clear`), or `undefined`: sealed.
 * `restored`: putting the patient's id back into the clear text gives the reference as it was written.
 */
export type ReferenceSplit = (
  reference: string,
) => { readonly clear: string; readonly restored: boolean } | undefined

/**
 * Splits a valid resource by the rules of `resources/identity-split.ts`.
 *
 * `join(split(resource))` is `stringifyJson(resource)`, digit by digit, once patient keys in it are
 * ids again.
 */
export function split(resource: Resource, reference: ReferenceSplit): SplitText {
  const writer = new SplitWriter(reference)
  writer.resource(resource)
  return { clear: writer.clear, fragments: writer.fragments }
}

/** Puts the pieces back. Slices and concatenates; nothing is parsed. */
export function join(clear: string, fragments: readonly Fragment[]): string {
  let text = ''
  let last = 0
  for (const fragment of fragments) {
    text += clear.slice(last, fragment.at) + fragment.text
    last = fragment.at + fragment.drop
  }
  return text + clear.slice(last)
}

/** Fragments as one text: `distance,drop,length;…` and a line feed, then all their texts. */
export function encodeFragments(fragments: readonly Fragment[]): string {
  let last = 0
  const index = fragments.map(({ at, drop, text }) => {
    const entry = `${at - last},${drop},${text.length}`
    last = at
    return entry
  })
  return `${index.join(';')}\n${fragments.map((fragment) => fragment.text).join('')}`
}

/** The inverse of `encodeFragments`. */
export function decodeFragments(encoded: string): Fragment[] {
  const line = encoded.indexOf('\n')
  let start = line + 1
  let at = 0
  return encoded
    .slice(0, line)
    .split(';')
    .map((entry) => {
      const [distance = 0, drop = 0, length = 0] = entry.split(',').map(Number)
      at += distance
      const text = encoded.slice(start, start + length)
      start += length
      return { at, drop, text }
    })
}

class SplitWriter {
  clear = ''
  readonly fragments: Fragment[] = []
  private readonly reference: ReferenceSplit
  /** the type of the resource that is being written */
  private type = ''
  /** what holds for the extension that is being written */
  private extent: ExtensionSplit | undefined

  constructor(reference: ReferenceSplit) {
    this.reference = reference
  }

  resource(resource: JsonObject): void {
    const around = this.type
    this.type = String(resource['resourceType'])
    this.object(resource, splitRules(this.type), true)
    this.type = around
  }

  private extension(extension: JsonObject): void {
    const around = this.extent
    this.extent = extensionSplit(extension['url'], this.type, around)
    this.object(extension, extensionRules(this.extent))
    this.extent = around
  }

  private object(object: JsonObject, rules: ReadonlyMap<string, SplitRule>, isResource = false): void {
    this.clear += '{'
    const start = this.clear.length
    let empty = true
    let lead: string[] = []
    for (const name in object) {
      const value = object[name]
      if (value === undefined) continue
      const rule =
        isResource && name === 'resourceType' ? 'keep' : resolve(rules.get(name) ?? 'seal', value, object)
      const sealed =
        rule === 'seal' || (rule === 'reference' && this.reference(value as string) === undefined)
      if (sealed) {
        const member = `"${name}":${stringifyJson(value)}`
        if (empty) lead.push(member)
        else this.fragments.push({ at: this.clear.length, drop: 0, text: `,${member}` })
        continue
      }
      if (lead.length > 0) this.fragments.push({ at: start, drop: 0, text: `${lead.join(',')},` })
      lead = []
      this.clear += `${empty ? '' : ','}"${name}":`
      empty = false
      this.value(value, rule)
    }
    if (lead.length > 0) this.fragments.push({ at: start, drop: 0, text: lead.join(',') })
    this.clear += '}'
  }

  private value(value: Json, rule: SplitRule): void {
    if (rule === 'reference') this.localReference(value as string)
    else if (rule === 'keep' || value === null) this.clear += stringifyJson(value)
    else if (Array.isArray(value)) this.array(value, rule)
    else if (rule === 'resource') this.resource(value as JsonObject)
    else if (rule === 'extension') this.extension(value as JsonObject)
    else if (typeof rule === 'object' && 'type' in rule)
      this.object(value as JsonObject, splitRules(rule.type))
    else if (typeof rule === 'object') this.replaced(stringifyJson(rule.coarsen(value) as Json), value)
  }

  private array(values: readonly Json[], rule: SplitRule): void {
    if (typeof rule === 'object' && 'coarsen' in rule) {
      this.replaced(stringifyJson(rule.coarsen(values) as Json), values as Json[])
      return
    }
    this.clear += '['
    values.forEach((value, index) => {
      if (index > 0) this.clear += ','
      this.value(value, rule)
    })
    this.clear += ']'
  }

  private localReference(reference: string): void {
    const local = this.reference(reference)
    if (!local) throw new TypeError('a reference that is to be sealed was not')
    const text = stringifyJson(local.clear)
    if (local.restored) this.clear += text
    else this.replaced(text, reference)
  }

  private replaced(coarse: string, value: Json): void {
    this.fragments.push({ at: this.clear.length, drop: coarse.length, text: stringifyJson(value) })
    this.clear += coarse
  }
}

/** Settles the rules that look at the value: afterwards `seal` means seal and all others mean write. */
function resolve(rule: SplitRule, value: Json, parent: JsonObject): SplitRule {
  if (rule === 'unit') return value === parent['code'] ? 'keep' : 'seal'
  if (rule === 'reference') return typeof value === 'string' ? rule : 'seal'
  if (typeof rule === 'object' && 'coarsen' in rule) return rule.coarsen(value) === undefined ? 'seal' : rule
  if (typeof rule === 'object' && !Array.isArray(value) && !isObject(value)) return 'seal'
  return rule
}
