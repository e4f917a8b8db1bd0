import { deidentify, releasableTypes } from '../../src/deid/apply.ts'
import { residue } from '../../src/deid/residue.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../../src/fhir/json.ts'
import { validate } from '../../src/fhir/validation/validate.ts'
import { examplesOf, pathsOf, permit, textOf } from './support.ts'

const examples = [...releasableTypes].flatMap(examplesOf)
const context = permit()

/** Every string leaf of a resource but `resourceType`, as a path of member names and positions. */
function leavesOf(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value === 'string') return path.at(-1) === 'resourceType' ? [] : [path]
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  return isObject(value) ? Object.entries(value).flatMap(([name, one]) => leavesOf(one, [...path, name])) : []
}

/** A copy with one leaf changed. */
function plant(value: Json, path: readonly (string | number)[], change: (text: string) => string): Json {
  const [first, ...rest] = path
  if (first === undefined) return typeof value === 'string' ? change(value) : value
  if (Array.isArray(value))
    return value.map((item, index) => (index === first ? plant(item, rest, change) : item))
  if (!isObject(value)) return value
  return { ...value, [first]: plant(value[first] ?? null, rest, change) }
}

/** Puts an extension with a canary beside every primitive, and one into every object. */
function extend(value: Json, canary: string): Json {
  if (Array.isArray(value)) return value.map((item) => extend(item, canary))
  if (!isObject(value)) return value
  const extension = [{ url: `http://${canary}.example`, valueString: canary }]
  const out: JsonObject = { extension }
  for (const [name, member] of Object.entries(value)) {
    if (name === 'modifierExtension') continue
    out[name] = extend(member, canary)
    if (!isObject(member) && name !== 'resourceType') out[`_${name}`] = { id: canary, extension }
  }
  return out
}

/** The leaves that a sound resource cannot do without: with a canary in one of them it is refused or dropped. */
const free = new Set(['system', 'code', 'status', 'intent', 'id', 'reference', 'uid'])

function plantInText(value: Json, canary: string, name = '', inside = ''): Json {
  if (typeof value === 'string') {
    const isDate = /^\d{4}(-\d\d)*/.test(value)
    const isClosed = name === 'resourceType' || free.has(name) || isDate || inside === 'repeat'
    return isClosed || /^[a-z-]{1,20}$/.test(value) ? value : `${value} ${canary}`
  }
  if (Array.isArray(value)) return value.map((item) => plantInText(item, canary, name, inside))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, plantInText(member, canary, key, name)]),
  )
}

function released(resource: Json): Resource | undefined {
  const result = deidentify(resource as Resource, context)
  return 'released' in result ? result.released : undefined
}

describe('canaries in every example HL7 gives of the types that can leave', () => {
  it('are in more than 230 examples', () => {
    expect(examples.length).toBeGreaterThan(230)
  })

  for (const [where, change] of [
    ['in place of it', () => 'Zorglub'],
    ['in place of it, in lower case', () => 'zorglub'],
    ['after it', (text: string) => `${text}zorglub`],
    ['after a space', (text: string) => `${text} Zorglub`],
    ['as a version of it', (text: string) => `${text}/_history/zorglub`],
    ['as the host before it', (text: string) => `https://zorglub.example/${text}`],
    ['with accents', (text: string) => `Zorglûb ${text}`],
    ['in an annotation of a unit', (text: string) => `${text}{zorglub}`],
  ] as const) {
    it(`lets no string leaf out with the canary ${where}, each leaf by itself`, () => {
      const seen: string[] = []
      let tried = 0
      let left = 0
      for (const { name, resource } of examples) {
        for (const path of leavesOf(resource)) {
          const out = released(plant(resource, path, change))
          tried++
          if (!out) continue
          left++
          if (/zorgl(u|û)b/.test(textOf(out))) seen.push(`${name} ${path.join('.')}`)
        }
      }
      expect(seen).toEqual([])
      expect(left).toBeGreaterThan(tried / 2)
    })
  }

  it('lets no text, display, url, extension value or unit out when everything coded is sound', () => {
    const results = examples.map(({ name, resource }) => ({
      name,
      out: released(plantInText(resource, 'Zorglub')),
    }))
    expect(
      results.filter(({ out }) => out && textOf(out).includes('zorglub')).map(({ name }) => name),
    ).toEqual([])
    expect(results.filter(({ out }) => out).length).toBeGreaterThan(examples.length / 2)
  })

  it('lets no extension and no sibling of a primitive out', () => {
    const seen = examples.filter(({ resource }) => {
      const out = released(extend(resource, 'zorglub'))
      return out && /zorglub|"_|valuestring/.test(textOf(out))
    })
    expect(seen.map(({ name }) => name)).toEqual([])
  })

  it('lets no identifier, name or full date of the source out', () => {
    const seen = examples.flatMap(({ name, resource }) => {
      const out = textOf(released(resource) ?? null)
      const secrets = secretsOf(resource).filter((secret) => out.includes(secret.toLowerCase()))
      return secrets.map(() => name)
    })
    expect(seen).toEqual([])
  })
})

/** Ids, identifier values, names, telecom, references, full dates: what no release may repeat. */
function secretsOf(value: Json, name = '', parent = ''): string[] {
  if (typeof value === 'string') {
    const isSecret =
      ['reference', 'family', 'line', 'city', 'div', 'uid'].includes(name) ||
      (name === 'value' && (parent === 'identifier' || parent === 'telecom')) ||
      /^\d{4}-\d\d-\d\d/.test(value)
    return isSecret && value.length > 3
      ? [value.slice(0, /^\d{4}-\d\d-\d\d/.test(value) ? 10 : undefined)]
      : []
  }
  if (Array.isArray(value)) return value.flatMap((item) => secretsOf(item, name, parent))
  return isObject(value) ? Object.entries(value).flatMap(([key, member]) => secretsOf(member, key, name)) : []
}

describe('what is released of every example', () => {
  const results = examples.flatMap(({ name, resource }) => {
    const out = released(resource)
    return out ? [{ name, resource, out }] : []
  })

  it('is most of them', () => {
    expect(results.length / examples.length).toBeGreaterThan(0.8)
  })

  it('is valid against the definitions', () => {
    expect(results.flatMap(({ name, out }) => validate(out).map((issue) => ({ name, issue })))).toEqual([])
  })

  it('leaves no residue', () => {
    expect(
      results.flatMap(({ name, out }) => residue(out, context).map((finding) => ({ name, finding }))),
    ).toEqual([])
  })

  it('has no path that its source does not have, the frame and masks aside', () => {
    const frame = /^\w+\.meta|\.display$|\.code\.coding(\.|$)|\.extension/
    const added = results.flatMap(({ name, resource, out }) => {
      const source = pathsOf(resource, resource.resourceType)
      return [...pathsOf(out, out.resourceType)]
        .filter((path) => !source.has(path) && !frame.test(path))
        .map((path) => `${name} ${path}`)
    })
    expect(added).toEqual([])
  })

  it('shares no id, reference and UID with what another permit gets, nor its dates', () => {
    const another = permit(2)
    expect(another.shiftDays).not.toBe(context.shiftDays)
    const names = (value: Json) =>
      textOf(value).match(
        /"reference":"[^#"]+"|"id":"(?!contained)[^"]+"|2\.25\.\d+|"\d{4}-\d\d-\d\d[^"]*"/g,
      ) ?? []
    for (const { resource, out } of results) {
      const result = deidentify(resource, another)
      const others = new Set('released' in result ? names(result.released) : [])
      expect(others.size).toBeGreaterThan(0)
      expect(names(out).filter((name) => others.has(name))).toEqual([])
    }
  })

  it('is the same for the same permit, and leaves its source as it was', () => {
    for (const { resource, out } of results) {
      const before = textOf(resource)
      expect(released(resource)).toEqual(out)
      expect(textOf(resource)).toBe(before)
    }
  })
})
