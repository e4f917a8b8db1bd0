import { demand } from '../../access/access.ts'
import { isObject, stringifyJson, type Json } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Conformance } from '../../fhir/package.ts'
import { codeSystemOf, type CodeSystem } from '../../fhir/terminology/code-system.ts'
import { drawsOn } from '../../fhir/terminology/compose.ts'
import type { Coding } from '../../fhir/terminology/validate.ts'
import { validate } from '../../fhir/validation/validate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Accessed, Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { findCurrent } from '../read.ts'
import { recentTerminology } from '../recent-terminology.ts'
import { terminologyFor, type TerminologyRead } from '../terminology.ts'
import type { OperationCall } from './operation.ts'
import { single, textOf, type OperationParameter } from './parameters.ts'

/** What an operation of terminology is called on, and the graph around it. */
export interface CalledOn<Subject> extends TerminologyRead {
  readonly subject: Subject
}

/**
 * The ValueSet of a call: its instance, the one that is sent along, or the one at the canonical `url`.
 *
 * @throws FhirError 400 when it is none or two of these, 403, 404 when it is not held, 422 for one that is
 *   not valid
 */
export async function calledValueSet(
  tx: Tx,
  context: Context,
  call: OperationCall,
): Promise<CalledOn<Conformance>> {
  demand(context.access, 'ValueSet', call.id === undefined ? 's' : 'r')
  const url = canonicalOf(call.parameters, 'url', 'valueSetVersion')
  const found = await byIdOrSent(tx, context, call, 'valueSet', url)
  if (found) {
    const { terminology, rows } = await terminologyFor(tx, context, drawsOn(found.subject))
    return { subject: found.subject, terminology, rows: [...found.rows, ...rows] }
  }
  const read = await terminologyFor(tx, context, [{ type: 'ValueSet', canonical: url ?? '' }])
  const subject = read.terminology.valueSet(url ?? '')
  if (!subject) throw FhirError.notFound('ValueSet')
  return { subject, ...read }
}

/**
 * The CodeSystem of a call, as for ValueSets.
 *
 * @param url its canonical, as the call gives it
 * @throws FhirError as for ValueSets
 */
export async function calledCodeSystem(
  tx: Tx,
  context: Context,
  call: OperationCall,
  url: string | undefined,
): Promise<CalledOn<CodeSystem>> {
  demand(context.access, 'CodeSystem', call.id === undefined ? 's' : 'r')
  const found = await byIdOrSent(tx, context, call, 'codeSystem', url)
  const canonical = url ?? ''
  const needed = found ? [] : [{ type: 'CodeSystem' as const, canonical }]
  const { terminology, rows } = await terminologyFor(tx, context, needed)
  const subject = found ? codeSystemOf(found.subject) : terminology.codeSystem(canonical)
  if (!subject) throw FhirError.notFound('CodeSystem')
  return { subject, terminology, rows: [...(found?.rows ?? []), ...rows] }
}

/** @param name of the parameter that may hold the resource */
async function byIdOrSent(
  tx: Tx,
  context: Context,
  { id, type, parameters, resource }: OperationCall,
  name: string,
  url: string | undefined,
): Promise<Omit<CalledOn<Conformance>, 'terminology'> | undefined> {
  const sent = resource ?? single(parameters, name)?.resource
  if ([id, sent, url].filter((one) => one !== undefined).length !== 1) {
    throw FhirError.invalid(`one ${type} expected: by id, by canonical URL, or sent along`)
  }
  if (id !== undefined) {
    const found = await findCurrent(tx, context, type, id)
    return { subject: recentTerminology(context.store).read(found), rows: [found.row] }
  }
  if (sent === undefined) return undefined
  const issues = validate(sent)
  if (issues.length > 0) throw FhirError.unprocessable(issues)
  if (sent.resourceType !== type) throw FhirError.structure(`a ${type} expected`, name)
  return { subject: sent, rows: [] }
}

/** The URL of a parameter with the version of another behind it. */
export function canonicalOf(
  parameters: readonly OperationParameter[],
  name: string,
  versionName: string,
): string | undefined {
  const url = textOf(parameters, name)
  const version = textOf(parameters, versionName)
  return url === undefined || version === undefined || version === '' ? url : `${url}|${version}`
}

/** @returns undefined when it is not there @throws FhirError 400 when it is no boolean */
export function booleanOf(parameters: readonly OperationParameter[], name: string): boolean | undefined {
  const value = single(parameters, name)?.value
  if (value === undefined) return undefined
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw FhirError.invalid(`${name}: true or false expected`, name)
}

/** A whole number from 0 on. @throws FhirError 400 when it is none */
export function numberOf(parameters: readonly OperationParameter[], name: string): number | undefined {
  const value = single(parameters, name)?.value
  if (value === undefined) return undefined
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (!/^\d{1,9}$/.test(text)) throw FhirError.invalid(`${name}: a whole number expected`, name)
  return Number(text)
}

/** A parameter that is a Coding. @throws FhirError 400 when it is none */
export function codingOf(parameters: readonly OperationParameter[], name: string): Coding | undefined {
  const value = single(parameters, name)?.value
  if (value === undefined) return undefined
  if (!isObject(value)) throw FhirError.invalid(`${name}: a Coding expected`, name)
  return readCoding(value)
}

/** A Coding of a resource or parameter. */
export function readCoding(value: Json): Coding {
  const member = (name: string) => {
    const found = isObject(value) ? value[name] : undefined
    return typeof found === 'string' ? found : undefined
  }
  return {
    system: member('system'),
    version: member('version'),
    code: member('code'),
    display: member('display'),
  }
}

/** 422: what was asked is clear, what is held does not tell. */
export function undecidable(code: 'not-supported' | 'too-costly', diagnostics: string): FhirError {
  return FhirError.unprocessable([issue(code, diagnostics)])
}

/** A parameter of an answer: `value` is its `value[x]`, by its JSON name. */
export interface Out {
  readonly name: string
  readonly value?: readonly [type: string, value: Json]
  readonly part?: readonly Out[]
}

/** 200 with Parameters, on record by the operation's name. */
export function parametersAnswer(
  call: OperationCall,
  interaction: `$${string}`,
  read: TerminologyRead,
  out: readonly Out[],
): Answer {
  const body = stringifyJson({ resourceType: 'Parameters', parameter: out.map(outText) })
  return { status: 200, body, accesses: [accessOf(call, interaction, read)] }
}

/** The record of a call: the resources that were read for it, and the names of its parameters. */
export function accessOf(
  call: OperationCall,
  interaction: `$${string}`,
  { rows }: TerminologyRead,
): Accessed {
  return {
    interaction,
    outcome: 'success',
    type: call.type,
    entities: rows.map(({ type, id, version }) => ({ type, id, version })),
    patients: [],
    parameters: call.parameters.map(({ name }) => name),
  }
}

function outText({ name, value, part }: Out): Json {
  return {
    name,
    ...(value === undefined ? {} : { [value[0]]: value[1] }),
    ...(part === undefined ? {} : { part: part.map(outText) }),
  }
}
