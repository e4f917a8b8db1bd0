import { FhirError } from '../../fhir/outcome.ts'
import type { CodeSystem, Concept, Designation } from '../../fhir/terminology/code-system.ts'
import { displayIn } from '../../fhir/terminology/display.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf, type OperationParameter } from './parameters.ts'
import { calledCodeSystem, canonicalOf, codingOf, parametersAnswer, type Out } from './terminology-call.ts'

/**
 * What a CodeSystem says of a code.
 *
 * @see https://hl7.org/fhir/R4/codesystem-operation-lookup.html
 */
export const lookup: Operation = {
  name: 'lookup',
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup',
  levels: ['type'],
  types: ['CodeSystem'],
  affectsState: false,
  perform: lookUp,
}

async function lookUp(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  const { parameters } = call
  demandKnown(parameters, ['code', 'system', 'version', 'coding', 'displayLanguage', 'property'])
  const { canonical, code } = readAsked(parameters)
  const read = await calledCodeSystem(tx, context, call, canonical)
  const concept = read.subject.concept(code)
  if (!concept) throw FhirError.notFound('the code')
  const language = textOf(parameters, 'displayLanguage')
  const asked = parameters.filter(({ name }) => name === 'property').map(({ value }) => value)
  const isAsked = (name: string) => asked.length === 0 || asked.includes(name)
  return parametersAnswer(call, '$lookup', read, [
    ...describe(read.subject, concept, language),
    ...concept.designation.filter(isDesignationAsked(isAsked)).map(designationOf),
    ...propertiesOf(read.subject, concept).flatMap(({ code: property, out }) =>
      isAsked(property) ? [out] : [],
    ),
  ])
}

/** `code` and `system`, or `coding`. */
function readAsked(parameters: readonly OperationParameter[]): { canonical: string; code: string } {
  const coding = codingOf(parameters, 'coding')
  const code = textOf(parameters, 'code')
  const system = canonicalOf(parameters, 'system', 'version')
  if (coding && code === undefined && system === undefined) {
    const { system: url, version } = coding
    if (url !== undefined && coding.code !== undefined) {
      return { canonical: version === undefined ? url : `${url}|${version}`, code: coding.code }
    }
  }
  if (coding || code === undefined || system === undefined) {
    throw FhirError.invalid('code and system, or coding with both, expected')
  }
  return { canonical: system, code }
}

/** `name` and `display` are mandatory: where the CodeSystem has none, its URL and the code stand for them. */
function describe(system: CodeSystem, concept: Concept, language: string | undefined): Out[] {
  const { url, name = url, version } = system
  return [
    { name: 'name', value: ['valueString', name] },
    ...(version === undefined ? [] : [{ name: 'version', value: ['valueString', version] } as const]),
    { name: 'display', value: ['valueString', displayIn(concept, language) ?? concept.code] },
  ]
}

/** `designation` asks for all, `lang.fr` for those of a language. */
function isDesignationAsked(isAsked: (name: string) => boolean): (designation: Designation) => boolean {
  return ({ language }) => isAsked('designation') || (language !== undefined && isAsked(`lang.${language}`))
}

function designationOf({ language, use, value }: Designation): Out {
  return {
    name: 'designation',
    part: [
      ...(language === undefined ? [] : [{ name: 'language', value: ['valueCode', language] } as const]),
      ...(use === undefined ? [] : [{ name: 'use', value: ['valueCoding', use] } as const]),
      { name: 'value', value: ['valueString', value] },
    ],
  }
}

/** "Defined for all code systems": definition, parent, child; then those of the concept itself. */
function propertiesOf(system: CodeSystem, concept: Concept): { readonly code: string; readonly out: Out }[] {
  const own = concept.property.filter(({ code }) => code !== 'parent' && code !== 'child')
  const related = (code: string, others: ReadonlySet<string>) =>
    [...others].map((other) => property(code, ['valueCode', other], system.concepts.get(other)?.display))
  return [
    ...(concept.definition === undefined
      ? []
      : [property('definition', ['valueString', concept.definition])]),
    ...related('parent', concept.parents),
    ...related('child', concept.children),
    ...own.map(({ code, type, value }) => property(code, [type, value])),
  ]
}

function property(code: string, value: NonNullable<Out['value']>, description?: string) {
  const part: Out[] = [
    { name: 'code', value: ['valueCode', code] },
    { name: 'value', value },
    ...(description === undefined
      ? []
      : [{ name: 'description', value: ['valueString', description] } as const]),
  ]
  return { code, out: { name: 'property', part } }
}
