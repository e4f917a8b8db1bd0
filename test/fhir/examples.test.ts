import { readFileSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createRequire } from 'node:module'
import { resourceTypes } from '../../src/fhir/definitions.ts'
import { parseJson, stringifyJson } from '../../src/fhir/json.ts'
import { validate } from '../../src/fhir/validation/validate.ts'

/** HL7's own examples of R4 4.0.1 (npm `hl7.fhir.r4.examples`, CC0): 5,305 files. */
const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
const names = readdirSync(folder).filter((name) => /^[A-Z]\w+-.*\.json$/.test(name))

/**
 * Examples that break the specification that they illustrate, each looked at by hand: the elements at
 * fault (positions left out), and what is wrong there.
 */
const faulty: Readonly<Record<string, { readonly elements: readonly string[]; readonly why: string }>> = {
  'ActivityDefinition-blood-tubes-supply.json': emptyNarrative('ActivityDefinition'),
  'ActivityDefinition-heart-valve-replacement.json': emptyNarrative('ActivityDefinition'),
  'EventDefinition-example.json': emptyNarrative('EventDefinition'),
  'Questionnaire-zika-virus-exposure-assessment.json': emptyNarrative('Questionnaire'),
  'CodeSystem-v2-0550.json': {
    elements: ['CodeSystem.concept.code'],
    why: 'codes that end in a no-break space or are a space alone',
  },
  'Bundle-v2-valuesets.json': {
    elements: ['Bundle.entry.resource.concept.code'],
    why: 'holds CodeSystem v2-0550, as above',
  },
  'DeviceMetric-example.json': {
    elements: ['DeviceMetric.parent.reference'],
    why: 'points at a DeviceDefinition; the element takes Device',
  },
  'DeviceUseStatement-example.json': {
    elements: ['DeviceUseStatement.reasonReference.reference'],
    why: 'points at a Procedure, which is not among the five types allowed',
  },
  'MedicationRequest-medrx0301.json': {
    elements: ['MedicationRequest.dispenseRequest.performer.reference'],
    why: 'points at a Practitioner; the element takes Organization',
  },
  'Observation-clinical-gender.json': {
    elements: ['Observation.performer.reference'],
    why: 'points at an Encounter, who performs nothing',
  },
  'ImplementationGuide-fhir.json': {
    elements: ['ImplementationGuide.name', 'ImplementationGuide.status'],
    why: 'both are required and missing',
  },
  'Questionnaire-qs1.json': {
    elements: [
      'Questionnaire.item.item.item.item.linkId',
      'Questionnaire.item.item.item.linkId',
      'Questionnaire.item.item.linkId',
    ],
    why: 'linkId is required and missing on the display items',
  },
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json': {
    elements: ['SearchParameter.id'],
    why: 'the id has 67 characters; 64 are allowed',
  },
  ...Object.fromEntries(
    ['CodeSystem', 'ValueSet'].flatMap((type) =>
      ['author', 'effective', 'end', 'keyword', 'workflow'].map((code) => [
        `SearchParameter-${type.toLowerCase()}-extensions-${type}-${code}.json`,
        { elements: ['SearchParameter.base'], why: 'base is required and missing' },
      ]),
    ),
  ),
}

function emptyNarrative(type: string) {
  return { elements: [`${type}.text.div`], why: 'the narrative says nothing (txt-2)' }
}

/** Number tokens in the order of the text, found without a parser: strings are stepped over. */
function numberTokens(text: string): string {
  return (text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? []).filter((token) => token[0] !== '"').join(' ')
}

describe('the examples of the specification', () => {
  const invalid = new Map<string, readonly string[]>()
  const changed: string[] = []
  const types = new Set<string>()

  beforeAll(() => {
    for (const name of names) {
      const text = readFileSync(`${folder}/${name}`, 'utf8')
      const resource = parseJson(text)
      types.add(name.slice(0, name.indexOf('-')))
      const issues = validate(resource)
      if (issues.length > 0) {
        const paths = issues.map((issue) => (issue.expression?.[0] ?? '').replace(/\[\d+\]/g, ''))
        invalid.set(name, [...new Set(paths)].sort())
      }
      // twelve files of 111 MB, nearly all Bundles that repeat the single ones: not again on every run
      if (text.length > 2_000_000) continue
      const written = stringifyJson(resource)
      // JSON.parse keeps the order of members, so equal texts mean equal members, values and order
      const same = JSON.stringify(JSON.parse(written)) === JSON.stringify(JSON.parse(text))
      if (!same || numberTokens(written) !== numberTokens(text)) changed.push(name)
    }
  }, 60_000)

  it('are of every R4 resource type but six that HL7 shows no example of', () => {
    expect(resourceTypes.filter((type) => !types.has(type))).toEqual([
      'Parameters',
      'SubstanceNucleicAcid',
      'SubstancePolymer',
      'SubstanceProtein',
      'SubstanceReferenceInformation',
      'SubstanceSourceMaterial',
    ])
    expect(names).toHaveLength(5305)
  })

  it('are valid, but for those with a known fault of their own', () => {
    const expected = new Map(Object.entries(faulty).map(([name, { elements }]) => [name, elements]))
    expect(new Map([...invalid].sort())).toEqual(new Map([...expected].sort()))
  })

  it('are written as they were read, to the member and to the digit', () => {
    expect(changed).toEqual([])
  })
})
