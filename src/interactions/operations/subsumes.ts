import { FhirError } from '../../fhir/outcome.ts'
import { lineage, type CodeSystem } from '../../fhir/terminology/code-system.ts'
import type { Coding } from '../../fhir/terminology/validate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf, type OperationParameter } from './parameters.ts'
import { calledCodeSystem, canonicalOf, codingOf, parametersAnswer, undecidable } from './terminology-call.ts'

/**
 * Whether one code of a CodeSystem is a kind of another.
 *
 * @see https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
 */
export const subsumes: Operation = {
  name: 'subsumes',
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes',
  levels: ['type', 'instance'],
  types: ['CodeSystem'],
  affectsState: false,
  perform: testSubsumption,
}

async function testSubsumption(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  const { parameters } = call
  demandKnown(parameters, ['codeA', 'codeB', 'codingA', 'codingB', 'system', 'version'])
  const [a, b] = [readCode(parameters, 'A'), readCode(parameters, 'B')]
  const named = canonicalOf(parameters, 'system', 'version')
  const url = named ?? (call.id === undefined ? canonicalOfCoding(a) : undefined)
  const read = await calledCodeSystem(tx, context, call, url)
  for (const coding of [a, b]) {
    if (coding.system !== undefined && coding.system !== read.subject.url) {
      throw FhirError.invalid('codes of one code system expected')
    }
  }
  const outcome = outcomeOf(read.subject, a.code, b.code)
  return parametersAnswer(call, '$subsumes', read, [{ name: 'outcome', value: ['valueCode', outcome] }])
}

type Outcome = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed'

/** @see http://hl7.org/fhir/concept-subsumption-outcome */
function outcomeOf(system: CodeSystem, codeA: string, codeB: string): Outcome {
  const [a, b] = [system.concept(codeA)?.code, system.concept(codeB)?.code]
  if (a === undefined || b === undefined) throw FhirError.notFound('the code')
  if (a === b) return 'equivalent'
  if (!system.isSubsumption) {
    throw undecidable('not-supported', 'the hierarchy of the code system is no subsumption')
  }
  if (lineage(system, b, 'above').has(a)) return 'subsumes'
  if (lineage(system, a, 'above').has(b)) return 'subsumed-by'
  if (!system.isComplete) throw undecidable('not-supported', 'the code system is not held as a whole')
  return 'not-subsumed'
}

/** `codeA` or `codingA`. */
function readCode(
  parameters: readonly OperationParameter[],
  which: 'A' | 'B',
): Omit<Coding, 'code'> & { readonly code: string } {
  const code = textOf(parameters, `code${which}`)
  const coding = codingOf(parameters, `coding${which}`)
  const found = code ?? coding?.code
  if (found === undefined || (code !== undefined && coding !== undefined)) {
    throw FhirError.invalid(`code${which}, or coding${which} with a code, expected`)
  }
  return { system: coding?.system, version: coding?.version, code: found, display: undefined }
}

function canonicalOfCoding({ system, version }: Pick<Coding, 'system' | 'version'>): string | undefined {
  return system === undefined || version === undefined ? system : `${system}|${version}`
}
