import { readdirSync, readFileSync } from 'node:fs'
import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { resourceTypes, searchParameters } from '../../../src/fhir/definitions.ts'
import { compileExpression, UnsupportedExpression } from '../../../src/fhir/search/expression.ts'
import { type Json, type JsonObject, type Resource } from '../../../src/fhir/json.ts'

const folder = new URL('../../../node_modules/hl7.fhir.r4.examples/', import.meta.url)
const perType = 40

/** Examples of every type, evenly over their names: the definitional ones are thousands alike. */
function examples(): Resource[] {
  const names = readdirSync(folder).sort()
  return resourceTypes.flatMap((type) => {
    const ofType = names.filter((name) => name.startsWith(`${type}-`) && name.endsWith('.json'))
    const step = Math.ceil(ofType.length / perType)
    return ofType
      .filter((_, index) => index % step === 0)
      .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Resource)
  })
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** What `resolve() is X` asks, answered by the text of the reference and by what is contained. */
function refersTo(inputs: readonly JsonObject[], type: string, container: Resource): boolean {
  const [reference] = inputs
  const target = text(reference?.['reference'])
  if (target.startsWith('#')) {
    const contained = (container['contained'] ?? []) as JsonObject[]
    return contained.some((item) => `#${text(item['id'])}` === target && item['resourceType'] === type)
  }
  const segments = target.replace(/\/_history\/.*/, '').split('/')
  return segments.at(-2) === type || reference?.['type'] === type
}

/**
 * fhirpath.js as the judge. `as` is a filter in search parameters, where FHIRPath itself would refuse a
 * collection; `resolve()` would fetch.
 */
function oracle(expression: string): (resource: Resource) => Json[] {
  const readable = expression
    .replace(/ as (\w+)/g, '.ofType($1)')
    .replace(/\.as\((\w+)\)/g, '.ofType($1)')
    .replace(/resolve\(\) is (\w+)/g, "refersTo('$1')")
  let container: Resource
  const userInvocationTable = {
    refersTo: {
      fn: (inputs: JsonObject[], type: string) => [refersTo(inputs, type, container)],
      arity: { 1: ['String' as const] },
      nullable: true,
    },
  }
  // part by part: its own union compares quantities, and throws at those with a comparator
  const parts = readable
    .split(' | ')
    .map((part) => fhirpath.compile(part, r4, { userInvocationTable, async: false }))
  return (resource) => {
    container = resource
    return parts.flatMap((part) => part(resource) as Json[])
  }
}

/** A union has no duplicates, and primitives without a value have nothing to be found by. */
function asSet(selected: readonly Json[]): string[] {
  return [...new Set(selected.filter((item) => item !== null).map((item) => JSON.stringify(item)))].sort()
}

function select(expression: string, resource: Resource): readonly Json[] {
  const selections = compileExpression(expression, resource.resourceType)
  return selections.flatMap(({ select }) => select([resource], resource))
}

const published = resourceTypes.flatMap((type) =>
  [...searchParameters(type).values()].flatMap(({ code, expression }) =>
    expression === undefined ? [] : [{ type, code, expression }],
  ),
)

describe('The expressions of all R4 search parameters', () => {
  it('compile, with at least one way from each of their base types', () => {
    const without = published.filter(
      ({ type, expression }) => compileExpression(expression, type).length === 0,
    )
    expect(published.length).toBeGreaterThan(2500)
    expect(without).toEqual([])
  })

  it('select from HL7 examples what fhirpath.js selects', () => {
    const judges = new Map<string, ReturnType<typeof oracle>>()
    const differences: string[] = []
    let selected = 0
    for (const resource of examples()) {
      for (const { code, expression } of published.filter(({ type }) => type === resource.resourceType)) {
        const judge = judges.get(expression) ?? oracle(expression)
        judges.set(expression, judge)
        const ours = asSet(select(expression, resource))
        selected += ours.length
        if (ours.join() !== asSet(judge(resource)).join()) {
          differences.push(`${resource.resourceType}/${text(resource['id'])} ${code}`)
        }
      }
    }
    expect(differences).toEqual([])
    expect(selected).toBeGreaterThan(10_000)
  })
})

describe('An expression', () => {
  const bundle = {
    resourceType: 'Bundle',
    entry: [
      { resource: { resourceType: 'Patient', id: 'a' } },
      { resource: { resourceType: 'Group', id: 'b' } },
    ],
  }
  const patient = {
    resourceType: 'Patient',
    name: [{ given: ['Anne', null, 'Rose'] }, { given: ['Marie'] }],
    extension: [
      { url: 'http://example.org/ward', valueString: 'C4' },
      { url: 'http://example.org/beds', valueInteger: 2 },
    ],
    multipleBirthInteger: 2,
  }

  it.each([
    ['Patient.name.given', patient, ['Anne', 'Rose', 'Marie']],
    ['Patient.name.first().given', patient, ['Anne', 'Rose']],
    ['Patient.name[1].given', patient, ['Marie']],
    ['Patient.name[7].given', patient, []],
    ["Patient.extension('http://example.org/ward').value", patient, ['C4']],
    ["Patient.extension.where(url = 'http://example.org/beds').value as integer", patient, [2]],
    ["Patient.hasExtension('http://example.org/ward')", patient, [true]],
    ['Patient.multipleBirth is integer', patient, [true]],
    ['Patient.multipleBirth is boolean', patient, [false]],
    ['Patient.active.exists() or Patient.name.exists()', patient, [true]],
    ['Patient.active = true', patient, []],
    ['Patient.active = true or Patient.name.exists()', patient, [true]],
    ['Person.name | Patient.active', patient, []],
    ['Bundle.entry.resource.ofType(Group).id', bundle, ['b']],
    ['Bundle.entry.resource.where($this is Group)', bundle, undefined],
    ['Patient.name.given.lower()', patient, undefined],
    ['Patient.nme', patient, undefined],
    ['Patient.name.where(use = %resource)', patient, undefined],
    ['Patient.name.(given', patient, undefined],
    ['Patient.name given', patient, undefined],
    ['Patient.name as Nome', patient, undefined],
  ] as const)('%s is read as FHIRPath has it, or refused', (expression, resource, expected) => {
    const run = () => select(expression, resource)
    if (expected === undefined) expect(run).toThrow(UnsupportedExpression)
    else expect(run()).toEqual(expected)
  })
})
