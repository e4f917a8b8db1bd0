import { demand } from '../../access/access.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Resource } from '../../fhir/json.ts'
import type { Released } from '../../governance/gate.ts'
import { compare, type Comparison } from '../../identity/linkage/compare.ts'
import { traitsOf, type Traits } from '../../identity/linkage/traits.ts'
import type { StoredRow } from '../../store/row.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import { bundleText } from '../bundle-text.ts'
import type { Context } from '../context.ts'
import { resourceOf, seen } from '../released.ts'
import { patientsOfBlock, questionsAbout } from '../same-person.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single, type OperationParameter } from './parameters.ts'

/**
 * Who in the records may be the person described, best first, with a score and a grade each.
 *
 * Candidates are found by the blind index, under the caller's rights, and compared after they were opened;
 * nothing of the person described is kept.
 *
 * @see https://hl7.org/fhir/R4/patient-operation-match.html
 */
export const match: Operation = {
  name: 'match',
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
  levels: ['type'],
  types: ['Patient'],
  affectsState: false,
  perform: matchPatients,
}

/** That share a block: of ten million people some four hundred are born on a day. */
const mostCandidates = 2_000
const mostBlocks = 12
/** Without `count`. */
const usualCount = 20

interface Match extends Comparison {
  readonly released: Released
}

async function matchPatients(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demand(context.access, 'Patient', 's')
  const { person, onlyCertain, count } = readCall(call)
  const rows = await candidates(tx, context, person)
  const released = await context.gate.release(tx, context.access, rows)
  const matches = released
    .map((one): Match => ({ released: one, ...compare(person, traitsOf(resourceOf(one))) }))
    .filter(({ grade }) => grade !== 'certainly-not')
    .sort((one, other) => rank(one) - rank(other) || other.score - one.score)
  const shown = onlyCertain ? soleCertain(matches) : matches.slice(0, count)
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    total: shown.length,
    entries: shown.map((one) => entryOf(context, one)),
  })
  const told = shown.map((one) => one.released)
  const names = call.parameters.map(({ name }) => name)
  return { status: 200, body, accesses: [seen(context.access, '$match', 'Patient', told, names)] }
}

function readCall({ parameters, resource }: OperationCall) {
  demandKnown(parameters, ['resource', 'onlyCertainMatches', 'count'])
  const described: Resource | undefined = resource ?? single(parameters, 'resource')?.resource
  if (described?.resourceType !== 'Patient') {
    throw new FhirError(400, [issue('required', 'resource: a Patient is needed')])
  }
  return {
    person: traitsOf(described),
    onlyCertain: onlyCertainOf(single(parameters, 'onlyCertainMatches')),
    count: countOf(single(parameters, 'count')),
  }
}

function onlyCertainOf(given: OperationParameter | undefined): boolean {
  const value = given?.value ?? false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw FhirError.invalid('onlyCertainMatches: true or false expected', 'onlyCertainMatches')
}

function countOf(given: OperationParameter | undefined): number {
  if (given === undefined) return usualCount
  const count = Number(given.value)
  if (Number.isInteger(count) && count > 0) return count
  throw FhirError.invalid('count: a positive whole number expected', 'count')
}

/** "If there are multiple potential matches, then the match should not return the results" */
function soleCertain(matches: readonly Match[]): readonly Match[] {
  const certain = matches.filter(({ grade }) => grade === 'certain')
  return certain.length === 1 ? certain : []
}

/** Patients that share a block with the person, each once. @throws FhirError 400 when there is no block */
async function candidates(tx: Tx, context: Context, person: Traits): Promise<StoredRow[]> {
  const asked = questionsAbout(person)
  if (asked.length === 0) {
    throw new FhirError(400, [
      issue('required', 'an INS, a full birth date, or family and given name is needed'),
    ])
  }
  if (asked.length > mostBlocks) throw tooCostly()
  const found = new Map<string, StoredRow>()
  for (const question of asked) {
    const rows = await patientsOfBlock(tx, context, question, mostCandidates)
    if (!rows) throw tooCostly()
    for (const row of rows) found.set(row.id, row)
  }
  return [...found.values()]
}

function tooCostly(): FhirError {
  return new FhirError(400, [issue('too-costly', `too many Patients are like it: say more of the person`)])
}

function entryOf(context: Context, { released, score, grade }: Match) {
  // as odds of one in two at twelve bits, where a steward would have to look
  const share = grade === 'certain' ? 1 : 1 / (1 + 2 ** (12 - score))
  return {
    fullUrl: `${context.base}/${released.type}/${released.id}`,
    resource: released.text,
    search: 'match' as const,
    graded: { score: Math.round(share * 1_000) / 1_000, grade },
  }
}

function rank({ grade }: Match): number {
  return ['certain', 'probable', 'possible'].indexOf(grade)
}
