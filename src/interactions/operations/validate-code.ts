import { isObject } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import {
  bestOf,
  validateInCodeSystem,
  validateInValueSet,
  type Coding,
  type ValidateOptions,
  type Verdict,
} from '../../fhir/terminology/validate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { TerminologyRead } from '../terminology.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single, textOf, type OperationParameter } from './parameters.ts'
import {
  booleanOf,
  calledCodeSystem,
  calledValueSet,
  canonicalOf,
  codingOf,
  parametersAnswer,
  readCoding,
  undecidable,
  type Out,
} from './terminology-call.ts'

/** @see https://hl7.org/fhir/R4/valueset-operation-validate-code.html */
export const validateCodeInValueSet: Operation = {
  name: 'validate-code',
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code',
  levels: ['type', 'instance'],
  types: ['ValueSet'],
  affectsState: false,
  async perform(tx, context, call) {
    const own = ['url', 'valueSet', 'valueSetVersion', 'system', 'systemVersion']
    demandKnown(call.parameters, [...common, ...own])
    const asked = readAsked(call.parameters, 'systemVersion')
    const read = await calledValueSet(tx, context, call)
    const content = read.terminology.content(read.subject)
    const verdicts = asked.map((coding) =>
      validateInValueSet(coding, content, read.terminology, optionsOf(call.parameters)),
    )
    return verdictAnswer(call, read, bestOf(verdicts))
  },
}

/** @see https://hl7.org/fhir/R4/codesystem-operation-validate-code.html */
export const validateCodeInCodeSystem: Operation = {
  name: 'validate-code',
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code',
  levels: ['type', 'instance'],
  types: ['CodeSystem'],
  affectsState: false,
  perform: validateInSystem,
}

async function validateInSystem(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandKnown(call.parameters, [...common, 'url', 'codeSystem', 'version'])
  const { parameters } = call
  const asked = readAsked(parameters, undefined)
  const read = await calledCodeSystem(tx, context, call, canonicalOf(parameters, 'url', 'version'))
  const verdicts = asked.map((coding) => validateInCodeSystem(coding, read.subject, optionsOf(parameters)))
  return verdictAnswer(call, read, bestOf(verdicts))
}

const common = ['code', 'display', 'coding', 'codeableConcept', 'abstract', 'displayLanguage']

function optionsOf(parameters: readonly OperationParameter[]): ValidateOptions {
  return {
    abstract: booleanOf(parameters, 'abstract') ?? false,
    displayLanguage: textOf(parameters, 'displayLanguage'),
  }
}

const mostCodings = 100
const besideCode: ReadonlySet<string> = new Set(['system', 'systemVersion', 'display'])

/**
 * The codings to judge: `code` with what goes with it, `coding`, or `codeableConcept`.
 *
 * @param versionName of the parameter with the code system's version, where `system` and it are parameters
 * @throws FhirError 400 when it is none or two of these, or a code without its system
 */
function readAsked(
  parameters: readonly OperationParameter[],
  versionName: string | undefined,
): readonly Coding[] {
  const code = textOf(parameters, 'code')
  const coding = codingOf(parameters, 'coding')
  const concept = single(parameters, 'codeableConcept')?.value
  if ([code, coding, concept].filter((one) => one !== undefined).length !== 1) {
    throw FhirError.invalid('one of code, coding and codeableConcept expected')
  }
  if (code === undefined && parameters.some(({ name }) => besideCode.has(name))) {
    throw FhirError.invalid('system, systemVersion and display: expected beside code alone')
  }
  if (coding !== undefined) return [coding]
  if (concept !== undefined) {
    const codings = isObject(concept) ? (concept['coding'] ?? []) : undefined
    if (!Array.isArray(codings)) throw FhirError.invalid('codeableConcept: a CodeableConcept expected')
    if (codings.length > mostCodings) throw undecidable('too-costly', `more than ${mostCodings} codings`)
    return codings.map(readCoding)
  }
  const system = versionName === undefined ? undefined : textOf(parameters, 'system')
  if (versionName !== undefined && system === undefined)
    throw FhirError.invalid('system: expected beside code')
  const version = versionName === undefined ? undefined : textOf(parameters, versionName)
  return [{ system, version, code, display: textOf(parameters, 'display') }]
}

/** @throws FhirError 422 when what is held does not tell: neither yes nor no would be true */
function verdictAnswer(
  call: OperationCall,
  read: TerminologyRead,
  { result, message, display }: Verdict,
): Answer {
  if (result === undefined) throw undecidable('not-supported', message ?? 'it cannot be told')
  const out: Out[] = [{ name: 'result', value: ['valueBoolean', result] }]
  if (message !== undefined) out.push({ name: 'message', value: ['valueString', message] })
  if (display !== undefined) out.push({ name: 'display', value: ['valueString', display] })
  return parametersAnswer(call, '$validate-code', read, out)
}
