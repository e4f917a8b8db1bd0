import type { Json, JsonObject } from '../../../src/fhir/json.ts'
import { observation, profile, quantity, told } from './profile-support.ts'

/** One rule of a profile on Observation: what keeps it, what breaks it and where the issue must point. */
interface Rule {
  readonly rule: string
  readonly elements: readonly { path: string; [member: string]: unknown }[]
  readonly keeps: JsonObject
  readonly breaks: JsonObject
  readonly issue: string
}

const loinc = { system: 'http://loinc.org', code: '85354-9' }
const unit = { system: 'http://unitsofmeasure.org', code: 'mm[Hg]' }

const rules: readonly Rule[] = [
  {
    rule: 'a minimum cardinality',
    elements: [{ path: 'Observation.effective[x]', min: 1 }],
    keeps: { effectiveDateTime: '2024' },
    breaks: {},
    issue: 'error required Observation.effective',
  },
  {
    rule: 'a maximum cardinality',
    elements: [{ path: 'Observation.note', max: '1' }],
    keeps: { note: [{ text: 'a' }] },
    breaks: { note: [{ text: 'a' }, { text: 'b' }] },
    issue: 'error structure Observation.note',
  },
  {
    rule: 'an element that is forbidden inside a datatype',
    elements: [{ path: 'Observation.code.text', max: '0' }],
    keeps: {},
    breaks: { code: { coding: [loinc], text: 'x' } },
    issue: 'error structure Observation.code.text',
  },
  {
    rule: 'a type of a choice',
    elements: [{ path: 'Observation.value[x]', type: [{ code: 'Quantity' }] }],
    keeps: { valueQuantity: quantity(1, 'mm[Hg]') },
    breaks: { valueString: 'a' },
    issue: 'error structure Observation.value',
  },
  {
    rule: 'one type of a choice, by its short name',
    elements: [{ path: 'Observation.valueQuantity' }],
    keeps: { valueQuantity: { value: 1 } },
    breaks: { valueString: 'a' },
    issue: 'error structure Observation.value',
  },
  {
    rule: 'an element of one type of a choice, by its short name',
    elements: [
      { path: 'Observation.valueQuantity' },
      { path: 'Observation.valueQuantity.code', min: 1 },
      { path: 'Observation.valueString' },
    ],
    keeps: { valueString: 'a' },
    breaks: { valueQuantity: { value: 1 } },
    issue: 'error required Observation.value.code',
  },
  {
    rule: 'a fixed value, which is all there may be',
    elements: [{ path: 'Observation.code.coding', fixedCoding: loinc }],
    keeps: {},
    breaks: { code: { coding: [{ ...loinc, display: 'x' }] } },
    issue: 'error value Observation.code.coding[0]',
  },
  {
    rule: 'a pattern, beside which there may be more',
    elements: [{ path: 'Observation.code', patternCodeableConcept: { coding: [loinc] } }],
    keeps: {
      code: {
        coding: [
          { system: 'urn:x', code: 'x' },
          { ...loinc, display: 'x' },
        ],
        text: 'x',
      },
    },
    breaks: { code: { coding: [{ ...loinc, code: '1-1' }] } },
    issue: 'error value Observation.code',
  },
  {
    rule: 'a required binding',
    elements: [
      {
        path: 'Observation.method',
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      },
    ],
    keeps: { method: { coding: [{ system: 'http://hl7.org/fhir/administrative-gender', code: 'male' }] } },
    breaks: { method: { coding: [{ system: 'http://hl7.org/fhir/administrative-gender', code: 'm' }] } },
    issue: 'error code-invalid Observation.method',
  },
  {
    rule: 'an extensible binding, as a warning',
    elements: [
      {
        path: 'Observation.method',
        binding: { strength: 'extensible', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      },
    ],
    keeps: { method: { text: 'male' } },
    breaks: { method: { coding: [{ system: 'http://example.org', code: 'm' }] } },
    issue: 'warning code-invalid Observation.method',
  },
  {
    rule: 'a binding to a ValueSet that takes LOINC whole, though LOINC is not held',
    elements: [
      {
        path: 'Observation.code',
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/observation-codes' },
      },
    ],
    keeps: {},
    breaks: { code: { coding: [{ system: 'http://snomed.info/sct', code: '1' }] } },
    issue: 'error code-invalid Observation.code',
  },
  {
    rule: 'the length of a string, in characters',
    elements: [{ path: 'Observation.value[x]', maxLength: 3 }],
    keeps: { valueString: 'a😀b' },
    breaks: { valueString: 'abcd' },
    issue: 'error value Observation.value',
  },
  {
    rule: 'the least value of a Quantity',
    elements: [{ path: 'Observation.value[x]', minValueQuantity: { ...unit, value: 20 } }],
    keeps: { valueQuantity: quantity(20, 'mm[Hg]') },
    breaks: { valueQuantity: quantity(19.9, 'mm[Hg]') },
    issue: 'error value Observation.value',
  },
  {
    rule: 'the greatest date, by all that a partial date covers',
    elements: [{ path: 'Observation.effective[x]', maxValueDateTime: '2024-06' }],
    keeps: { effectiveDateTime: '2024-06-30T23:59:59Z' },
    breaks: { effectiveDateTime: '2024' },
    issue: 'error value Observation.effective',
  },
  {
    rule: 'the target of a Reference',
    elements: [
      {
        path: 'Observation.subject',
        type: [{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Patient'] }],
      },
    ],
    keeps: { subject: { reference: 'Patient/2' } },
    breaks: { subject: { reference: 'Group/2' } },
    issue: 'error value Observation.subject',
  },
  {
    rule: 'an invariant',
    elements: [
      {
        path: 'Observation',
        constraint: [
          ...[
            {
              key: 'x-1',
              severity: 'error',
              human: 'value or note',
              expression: 'value.exists() or note.exists()',
            },
          ],
        ],
      },
    ],
    keeps: { note: [{ text: 'a' }] },
    breaks: {},
    issue: 'error invariant Observation',
  },
  {
    rule: 'an invariant of a primitive, which sees its extensions',
    elements: [
      {
        path: 'Observation.status',
        constraint: [
          ...[
            {
              key: 'x-2',
              severity: 'warning',
              human: 'signed',
              expression: "extension('urn:signed').exists()",
            },
          ],
        ],
      },
    ],
    keeps: { _status: { extension: [{ url: 'urn:signed', valueBoolean: true }] } },
    breaks: {},
    issue: 'warning invariant Observation.status',
  },
  {
    rule: 'what is said of an element for the elements of the same kind inside it',
    elements: [{ path: 'Observation.component.code.text', min: 1 }],
    keeps: { component: [{ code: { text: 'a' } }] },
    breaks: { component: [{ code: { text: 'a' } }, { code: { coding: [loinc] } }] },
    issue: 'error required Observation.component[1].code.text',
  },
]

describe('a profile demands', () => {
  const withoutUnknown = (lines: string[]) => lines.filter((line) => !line.startsWith('information'))

  it.each(rules)('$rule', ({ elements, keeps, breaks, issue }) => {
    const definition = profile('rule', 'Observation', elements)
    expect(withoutUnknown(told({ ...observation, ...keeps }, definition))).toEqual([])
    expect(withoutUnknown(told({ ...observation, ...breaks }, definition))).toEqual([issue])
  })
})

describe('a profile', () => {
  const parent = profile('parent', 'Observation', [
    {
      path: 'Observation.component',
      slicing: { discriminator: [{ type: 'value', path: 'code' }], rules: 'open' },
    },
    { path: 'Observation.component', sliceName: 'systolic', max: '1' },
    { path: 'Observation.component.code', patternCodeableConcept: { coding: [{ code: '8480-6' }] } },
  ])

  it('is laid over the one it is based on, slices and all', () => {
    const child = profile(
      'child',
      'Observation',
      [{ id: 'Observation.component:systolic.value[x]', path: 'Observation.component.value[x]', min: 1 }],
      { baseDefinition: parent.url },
    )
    const systolic = { code: { coding: [{ code: '8480-6' }] } }
    expect(told({ ...observation, component: [{ code: { text: 'a' } }, systolic] }, child, parent)).toEqual([
      'error required Observation.component[1].value',
    ])
  })

  it('is taken from its snapshot where it has one', () => {
    const element = [{ path: 'Observation' }, { path: 'Observation.value[x]', min: 1 }]
    const published = profile('published', 'Observation', [], { snapshot: { element } })
    expect(told(observation, published)).toEqual(['error required Observation.value'])
  })

  it('holds for a datatype that names it', () => {
    const ratio = profile('ratio', 'Quantity', [{ path: 'Quantity.unit', min: 1 }], { kind: 'complex-type' })
    const type = [{ code: 'Quantity', profile: [ratio.url] }]
    const one = profile('one', 'Observation', [{ path: 'Observation.value[x]', type }])
    expect(told({ ...observation, valueQuantity: { value: 1 } }, one, ratio)).toEqual([
      'error required Observation.value.unit',
    ])
  })

  it('holds for items inside items of the same definition', () => {
    const definition = profile('form', 'Questionnaire', [{ path: 'Questionnaire.item.text', min: 1 }])
    const inner = { type: 'string' }
    const form = { resourceType: 'Questionnaire', status: 'draft', name: 'Form' }
    const item: Json = [
      {
        linkId: '1',
        type: 'group',
        text: 'a',
        item: [
          { ...inner, linkId: '2', text: 'b' },
          { ...inner, linkId: '3' },
        ],
      },
    ]
    expect(told({ ...form, item }, definition)).toEqual(['error required Questionnaire.item[0].item[1].text'])
  })

  it('is for its type alone', () => {
    expect(told({ resourceType: 'Patient' }, parent)).toEqual(['error structure Patient'])
  })

  it('that is claimed is checked, in contained resources and entries too', () => {
    const claimed = profile('claimed', 'Patient', [{ path: 'Patient.birthDate', min: 1 }])
    const patient = { resourceType: 'Patient', meta: { profile: [claimed.url] } }
    const bundle: JsonObject = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'urn:uuid:1', resource: patient }],
    }
    const any = profile('any', 'Bundle', [])
    expect(told(bundle, any, claimed)).toEqual(['error required Bundle.entry[0].resource.birthDate'])
  })

  it('that is claimed and not held is named in a warning', () => {
    const meta = { profile: ['https://elsewhere.example/x'] }
    expect(told({ resourceType: 'Patient', meta })).toEqual(['warning not-supported Patient.meta.profile[0]'])
  })
})
