import { demand } from '../../access/access.ts'
import type { Json } from '../../fhir/json.ts'
import { FhirError, type Issue } from '../../fhir/outcome.ts'
import { validateProfile } from '../../fhir/validation/validate-profile.ts'
import type { Tx } from '../../store/tx.ts'
import { outcomeText, type Accessed, type Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { findCurrent } from '../read.ts'
import { resourceOf, seen } from '../released.ts'
import { demandSameId } from '../update.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single, textOf } from './parameters.ts'

/**
 * Whether a resource is valid, and would be taken for what `mode` says: as the body, as the parameter
 * `resource`, or, on an instance without either, the current version. Checked in full whatever the level
 * of validation on write is.
 *
 * @see https://hl7.org/fhir/R4/resource-operation-validate.html
 */
export const validate: Operation = {
  name: 'validate',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  levels: ['type', 'instance'],
  types: [],
  affectsState: false,
  async perform(tx, context, call) {
    demandKnown(call.parameters, ['resource', 'mode', 'profile'])
    const mode = modeOf(call)
    const profile = textOf(call.parameters, 'profile')
    if (mode === 'profile' && profile === undefined) throw FhirError.invalid('profile: missing', 'profile')
    if (mode === 'delete') return validateDelete(tx, context, call)
    const sent = resourceSent(call)
    const { resource, accesses } = sent ? notStored(context, call, sent) : await stored(tx, context, call)
    const issues = validateProfile(resource, {
      expectedType: call.type,
      against: profile === undefined ? [] : [profile],
    })
    const refusals = mode === 'create' || mode === 'update' ? refused(context, call, mode, resource) : []
    return outcomeAnswer(merged(refusals, issues), accesses)
  },
}

type Mode = 'create' | 'update' | 'delete' | 'profile' | undefined

/** @throws FhirError 400 */
function modeOf({ parameters }: OperationCall): Mode {
  const mode = textOf(parameters, 'mode')
  if (mode === undefined || mode === 'create' || mode === 'update') return mode
  if (mode === 'delete' || mode === 'profile') return mode
  throw FhirError.invalid('mode: create, update, delete or profile expected', 'mode')
}

/** The parameter `resource`, or the body; a body of Parameters that names none is itself the resource. */
function resourceSent({ parameters, resource, type, request }: OperationCall): Json | undefined {
  const parameter = single(parameters, 'resource')
  if (parameter && !parameter.resource) throw FhirError.invalid('resource: a resource expected', 'resource')
  return parameter?.resource ?? resource ?? (type === 'Parameters' ? request.body : undefined)
}

interface Subject {
  readonly resource: Json
  readonly accesses: readonly Accessed[]
}

function notStored(context: Context, { type }: OperationCall, resource: Json): Subject {
  return { resource, accesses: [seen(context.access, '$validate', type, [])] }
}

/** @throws FhirError 400 at type level; 403, 404, 410 as a read has it */
async function stored(tx: Tx, context: Context, { type, id }: OperationCall): Promise<Subject> {
  if (id === undefined) throw FhirError.invalid('resource: missing', 'resource')
  demand(context.access, type, 'r')
  const found = await findCurrent(tx, context, type, id)
  return { resource: resourceOf(found), accesses: [seen(context.access, '$validate', type, [found])] }
}

/** @throws FhirError 400 at type level; 403 when the caller may not delete; 404, 410 */
async function validateDelete(tx: Tx, context: Context, { type, id }: OperationCall): Promise<Answer> {
  if (id === undefined) throw FhirError.invalid('mode: delete is for an instance', 'mode')
  demand(context.access, type, 'd')
  const found = await findCurrent(tx, context, type, id)
  return outcomeAnswer([], [seen(context.access, '$validate', type, [found])])
}

/**
 * What an interaction would refuse: at the level of validation that is set here, and for its id.
 *
 * @throws FhirError 403 when the caller has no right to it
 */
function refused(context: Context, call: OperationCall, mode: 'create' | 'update', resource: Json): Issue[] {
  const { type, id } = call
  demand(context.access, type, mode === 'create' ? 'c' : 'u')
  const issues: Issue[] = []
  try {
    const valid = context.demandValid(resource, type)
    if (mode === 'update' && id !== undefined) demandSameId(valid, id)
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    issues.push(...error.issues)
  }
  return issues
}

/** What would be refused is an error, also where full validation would only warn. */
function merged(refusals: readonly Issue[], issues: readonly Issue[]): readonly Issue[] {
  const told = new Set(refusals.map(({ diagnostics }) => diagnostics))
  return [...refusals, ...issues.filter(({ diagnostics }) => !told.has(diagnostics))]
}

/** 200 whatever was found: "the operation was successful", not the validation. */
function outcomeAnswer(issues: readonly Issue[], accesses: readonly Accessed[]): Answer {
  const isValid = !issues.some(({ severity }) => severity === 'error')
  const well: Issue = { severity: 'information', code: 'informational', diagnostics: 'No errors were found' }
  return { status: 200, body: outcomeText(isValid ? [well, ...issues] : issues), accesses }
}
