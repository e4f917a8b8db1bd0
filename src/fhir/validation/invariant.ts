import type { ResourceNode } from 'fhirpath'
import type { Item } from '../element-item.ts'
import { types } from '../definitions.ts'
import { fhirpath, fhirpathModel } from './invariant-library.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { codesOf, membership } from './membership.ts'
import { resolveLocally } from '../resolve.ts'
import type { Constraint } from './structure-definition.ts'
import { noteUnchecked, type Run } from './validate-run.ts'

/**
 * Invariants that the structural validation knows, or that hold by how a resource is stored: looked at
 * once is enough.
 */
const structural: ReadonlySet<string> = new Set([
  ...['ele-1', 'ext-1', 'dom-2', 'dom-3', 'dom-4', 'dom-5', 'ref-1', 'txt-1', 'txt-2'],
])

/**
 * Expressions of R4 that come out empty, neither true nor false, where the rule in words is kept: when
 * two dates differ in precision, when there is no value; `Boolean`, which no element of R4 is; and `in`
 * over several values of `when`, which FHIRPath refuses. R5 wrote `per-1` and `que-7` anew for these reasons.
 */
const restated: Readonly<Record<string, string>> = {
  'per-1': 'start.hasValue().not() or end.hasValue().not() or start.lowBoundary() <= end.highBoundary()',
  'ras-2': 'probability.ofType(decimal).all($this <= 100)',
  'tim-9': "offset.empty() or (when.exists() and when.all(($this in ('C' | 'CM' | 'CD' | 'CV')).not()))",
  'que-7': "operator = 'exists' implies answer is boolean",
}

export type InvariantCheck = (item: Item, run: Run) => void

/**
 * The check of one invariant; it is compiled when the first element comes.
 *
 * @returns undefined when the structural validation does it
 * @see FHIR R4 § ElementDefinition.constraint; § FHIRPath
 */
export function invariantCheck(constraint: Constraint): InvariantCheck | undefined {
  const { key, severity, human } = constraint
  if (structural.has(key)) return undefined
  const expression = restated[key] ?? constraint.expression
  const rule = `${human} (${key})`
  return (item, run) => {
    if (severity !== 'error' && run.errorsOnly) return
    if (run.budget.left-- <= 0) return noteTooCostly(run)
    const result = expression === undefined ? 'unanswered' : evaluate(expression, item, run)
    if (result === true) return
    if (result === 'unanswered') noteUnchecked(run, item.path, `${key} cannot be told from what is here`)
    else if (result === 'failed') {
      run.report.note('error', 'not-supported', item.path, `${key} cannot be evaluated`)
    } else run.report.note(severity, 'invariant', item.path, rule)
  }
}

/** Said once, and an error: what was not looked at is not known to hold. */
function noteTooCostly({ root, report }: Run): void {
  report.note('error', 'too-costly', root.resourceType, 'more invariants than one validation evaluates')
}

/** `unanswered`: it depends on what is not here; `failed`: the expression cannot be evaluated at all. */
type Outcome = boolean | 'unanswered' | 'failed'

/** Where the functions below find what is being evaluated: the library calls them without it. */
interface Evaluation {
  readonly item: Item
  readonly run: Run
  isUnanswered: boolean
}
let current: Evaluation | undefined

function evaluate(expression: string, item: Item, run: Run): Outcome {
  const outer = current
  const evaluation: Evaluation = { item, run, isUnanswered: false }
  current = evaluation
  try {
    const result = evaluateOn(expression, item, run)
    return evaluation.isUnanswered ? 'unanswered' : isTrue(result)
  } catch {
    return 'failed'
  } finally {
    current = outer
  }
}

/** A collection of one item that is no boolean counts as true; an empty one does not. */
function isTrue(result: readonly unknown[]): boolean {
  return result.length === 1 && result[0] !== false
}

type Evaluator = (data: unknown, environment: Record<string, unknown>) => unknown[]

function evaluateOn(expression: string, item: Item, run: Run): unknown[] {
  const environment = { resource: run.plain.of(item.resource), rootResource: run.plain.of(item.container) }
  if (!item.primitive) return evaluator(item.type, expression)(run.plain.of(item.value), environment)
  return evaluator(undefined, expression)(primitiveNode(item, run), environment)
}

/** A primitive with the extensions beside it, as the library reaches it from the object that holds it. */
function primitiveNode({ holder }: Item, run: Run): ResourceNode | undefined {
  if (!holder) throw new TypeError('a primitive is always held by an object')
  const { item, property, index } = holder
  const name = `\`${property.choice ?? property.name}\``
  const found = nodesOf(item.primitive ? 'Element' : item.type, name)(run.plain.of(item.value ?? null), {})
  return found[index] as ResourceNode | undefined
}

const compiled = new Map<string, Evaluator>()

function evaluator(base: string | undefined, expression: string): Evaluator {
  return remembered(`${base ?? ''} ${expression}`, () => {
    const path = base === undefined ? expression : { base, expression }
    return fhirpath().compile(path, fhirpathModel(), {
      ...{ async: false, userInvocationTable: functions },
      // tracing would write values into the log
      traceFn: () => undefined,
    }) as Evaluator
  })
}

function nodesOf(base: string, name: string): Evaluator {
  return remembered(`${base} nodes ${name}`, () => {
    const path = { base, expression: name }
    return fhirpath().compile(path, fhirpathModel(), { resolveInternalTypes: false }) as Evaluator
  })
}

function remembered(key: string, make: () => Evaluator): Evaluator {
  const found = compiled.get(key) ?? make()
  compiled.set(key, found)
  return found
}

function unanswered(): void {
  if (current) current.isUnanswered = true
}

/** A resource that is elsewhere: its type can be asked for, the moment anything else is it is unanswered. */
function onlyType(type: string): JsonObject {
  const elements = types.get(type)?.properties
  const get = (target: JsonObject, name: string | symbol): unknown => {
    if (typeof name === 'string' && elements?.has(name)) unanswered()
    return Reflect.get(target, name)
  }
  return new Proxy<JsonObject>({ resourceType: type }, { get })
}

/** With the type that `resourceType` tells, which the library sees only where an evaluation begins. */
function typed(resource: unknown): unknown[] {
  return remembered('nodes', () => {
    return fhirpath().compile('$this', fhirpathModel(), { resolveInternalTypes: false }) as Evaluator
  })(resource, {})
}

const patterns = new Map<string, RegExp>()
const maxPatterns = 1000

/** The library takes the `u` flag, which refuses the needless escapes of R4's own expressions. */
function pattern(source: string): RegExp {
  const found = patterns.get(source) ?? new RegExp(source, 's')
  // an expression may take its pattern from the resource
  if (patterns.size < maxPatterns) patterns.set(source, found)
  return found
}

/** Functions that the library would ask a server for, or does otherwise than R4 needs. */
const functions = {
  matches: {
    fn: (focus: unknown[], source: string) =>
      focus.length === 0 ? [] : pattern(source).test(String(focus[0])),
    arity: { 1: ['String' as const] },
  },
  resolve: {
    fn: (focus: unknown[]) =>
      focus.flatMap((one) => {
        if (!current) return []
        const { item, run } = current
        const target = resolveLocally(one, item, run.root)
        if (target.kind === 'here') return typed(run.plain.of(target.resource))
        if (target.type !== undefined) return typed(onlyType(target.type))
        unanswered()
        return []
      }),
    arity: { 0: [] },
  },
  memberOf: {
    fn: (focus: unknown[], valueSet: unknown) =>
      focus.map((one) => {
        const url = String(Array.isArray(valueSet) ? valueSet[0] : valueSet)
        const found = codesOf(one as Json).map((code) => membership(url, code))
        if (!found.includes('in') && found.includes('unknown')) unanswered()
        return found.includes('in')
      }),
    arity: { 1: ['String' as const] },
  },
  conformsTo: {
    fn: (focus: unknown[], profile: unknown) =>
      focus.map((one) => {
        const url = String(Array.isArray(profile) ? profile[0] : profile)
        const item = current?.item
        // the library gives values, not places: only what the invariant stands on can be found again
        const isFocus =
          item !== undefined && isObject(item.value) && current?.run.plain.of(item.value) === one
        const conforms = isFocus ? current?.run.conforms(item, url) : undefined
        if (conforms === undefined) unanswered()
        return conforms ?? false
      }),
    arity: { 1: ['String' as const] },
  },
}
