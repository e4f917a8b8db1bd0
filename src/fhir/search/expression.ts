import { isResourceType, types, type PropertyDefinition } from '../definitions.ts'
import { parseExpression, UnsupportedExpression, type Expression } from './expression-parse.ts'
import { isA, resourceTypeOf, targetType, typeName } from './expression-type.ts'
import { isNumber, isObject, type Json, type Resource } from '../json.ts'

export { UnsupportedExpression } from './expression-parse.ts'

/**
 * One way through a resource that an expression can take, with the FHIR type it ends in. JSON does not
 * say what type a value has, the definitions do; so an expression is compiled for the type it starts
 * from, and splits up wherever an element has a choice of types.
 */
export interface Selection {
  /** a key of `types`, or one of the two marks below */
  readonly type: string
  /** the element it ends in; undefined for the start and for computed values */
  readonly property: PropertyDefinition | undefined
  /** what a reference selected here leads to, when the expression asked: `resolve() is Patient` */
  readonly target: string | undefined
  /** it can select one element at most */
  readonly single: boolean
  /** from elements of the start type to what is selected; JSON nulls are left out */
  readonly select: (from: readonly Json[], resource: Resource) => readonly Json[]
}

/** What `resolve()` leads to: the name of the target's type, as far as the reference tells it. */
const resolved = 'resolve()'
/** A string, integer or boolean written in the expression. */
const literal = 'literal'

const nothing: readonly Json[] = []

/**
 * Compiles a FHIRPath expression.
 *
 * @param type the type of the elements it will be given: a resource type, or a key of `types`
 * @returns all ways it can take; `[]` when none starts from this type, as in the parts of
 *   `Patient.name | Person.name` that are for others
 * @throws UnsupportedExpression when it goes beyond what SearchParameters use, or names no element
 */
export function compileExpression(expression: string, type: string): readonly Selection[] {
  return compile(parseExpression(expression), [start(type)])
}

function start(type: string): Selection {
  return { type, property: undefined, target: undefined, single: true, select: (from) => from }
}

function compile(expression: Expression, from: readonly Selection[]): readonly Selection[] {
  switch (expression.kind) {
    case 'focus':
      return from
    case 'resource':
      return [...new Set(from.map(({ type }) => resourceOf(type)))].map((type) => ({
        ...start(type),
        select: (nodes, resource) => (nodes.length === 0 ? nothing : [resource]),
      }))
    case 'literal':
      return [{ ...start(literal), select: () => [expression.value] }]
    case 'member':
      return compileMember(expression, from)
    case 'index':
      return slice(compile(expression.of, from), expression.at)
    case 'call':
      return compileCall(expression, from)
    case 'operation':
      return compileOperation(expression, from)
  }
}

/** `MolecularSequence` of `MolecularSequence.variant`. */
function resourceOf(type: string): string {
  const [root = ''] = type.split('.')
  if (!isResourceType(root))
    throw new UnsupportedExpression('%resource of an element that many resources have')
  return root
}

function compileMember(
  { of, name }: Expression & { kind: 'member' },
  from: readonly Selection[],
): readonly Selection[] {
  if (of.kind === 'focus' && /^[A-Z]/.test(name)) return from.filter(({ type }) => startsFrom(type, name))
  return members(compile(of, from), name)
}

/** `Patient.name` starts from Patients, `Resource.id` from every resource. */
function startsFrom(type: string, name: string): boolean {
  if (!types.has(name)) throw new UnsupportedExpression('a type that is not known')
  return type === name || (isResourceType(type) && (name === 'Resource' || name === 'DomainResource'))
}

function members(of: readonly Selection[], name: string): readonly Selection[] {
  const found = of.flatMap((selection) =>
    propertiesOf(selection.type, name).map((property) => child(selection, property)),
  )
  if (of.length > 0 && found.length === 0) throw new UnsupportedExpression('an element that is not defined')
  return found
}

/** One property, or one for each type of a choice: `value` is `valueQuantity`, `valueString`, … */
function propertiesOf(type: string, name: string): readonly PropertyDefinition[] {
  const properties = types.get(type)?.properties
  if (!properties) return []
  const exact = properties.get(name)
  if (exact && exact.choice === undefined) return [exact]
  return [...properties.values()].filter((property) => property.choice === name)
}

function child(of: Selection, property: PropertyDefinition): Selection {
  const { name } = property
  const step = (nodes: readonly Json[]): readonly Json[] => {
    const only = nodes.length === 1 ? nodes[0] : undefined
    if (isObject(only)) return values(only[name])
    return nodes.flatMap((node) => (isObject(node) ? values(node[name]) : nothing))
  }
  const single = of.single && !property.array
  return { ...then(of, step), type: property.type, property, target: undefined, single }
}

function values(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return nothing
  if (!Array.isArray(value)) return [value]
  return value.includes(null) ? value.filter((item) => item !== null) : value
}

function then(
  selection: Selection,
  step: (nodes: readonly Json[], resource: Resource) => readonly Json[],
): Selection {
  const { select } = selection
  return {
    ...selection,
    select(from, resource) {
      const nodes = select(from, resource)
      return nodes.length === 0 ? nothing : step(nodes, resource)
    },
  }
}

/** The n-th of what is selected; of several ways we could not tell which comes first. */
function slice(selections: readonly Selection[], at: number): readonly Selection[] {
  if (selections.length > 1) throw new UnsupportedExpression('an indexer after several types')
  return selections.map((selection) => ({
    ...then(selection, (nodes) => nodes.slice(at, at + 1)),
    single: true,
  }))
}

function compileCall(
  { of, name, arguments: [argument, ...more] }: Expression & { kind: 'call' },
  from: readonly Selection[],
): readonly Selection[] {
  const selections = compile(of, from)
  if (more.length > 0) throw new UnsupportedExpression(`${name}() with several arguments`)
  if (argument === undefined) return compileCallWithout(name, selections)
  switch (name) {
    case 'where':
      return selections.map((selection) => where(selection, argument))
    case 'as':
    case 'ofType':
      return ofType(selections, typeName(argument))
    case 'is':
      return is(selections, typeName(argument))
    case 'extension':
      return members(selections, 'extension').map((selection) => where(selection, urlIs(argument)))
    case 'hasExtension':
      return exists(members(selections, 'extension').map((selection) => where(selection, urlIs(argument))))
    default:
      throw new UnsupportedExpression(`${name}() is not supported`)
  }
}

function compileCallWithout(name: string, selections: readonly Selection[]): readonly Selection[] {
  switch (name) {
    case 'exists':
      return exists(selections)
    case 'first':
      return slice(selections, 0)
    case 'resolve':
      return selections.map((selection) => ({
        ...then(selection, (nodes, resource) =>
          nodes.flatMap((node) => targetType(node, resource) ?? nothing),
        ),
        type: resolved,
      }))
    default:
      throw new UnsupportedExpression(`${name}() is not supported`)
  }
}

function urlIs(url: Expression): Expression {
  const left: Expression = { kind: 'member', of: { kind: 'focus' }, name: 'url' }
  return { kind: 'operation', operator: '=', left, right: url }
}

function where(selection: Selection, criteria: Expression): Selection {
  const condition = single(compile(criteria, [start(selection.type)]))
  return {
    ...then(selection, (nodes, resource) => nodes.filter((node) => condition([node], resource)[0] === true)),
    target: resolvedType(criteria) ?? selection.target,
  }
}

/** `Patient` of `resolve() is Patient` */
function resolvedType(criteria: Expression): string | undefined {
  if (criteria.kind !== 'operation' || criteria.operator !== 'is') return undefined
  return criteria.left.kind === 'call' && criteria.left.name === 'resolve'
    ? typeName(criteria.right)
    : undefined
}

function exists(selections: readonly Selection[]): readonly Selection[] {
  return [computed((from, resource) => selections.some(({ select }) => select(from, resource).length > 0))]
}

/** A boolean; undefined is FHIRPath's empty. */
function computed(evaluate: (from: readonly Json[], resource: Resource) => boolean | undefined): Selection {
  return {
    ...start('boolean'),
    select(from, resource) {
      const value = evaluate(from, resource)
      return value === undefined ? nothing : [value]
    },
  }
}

function compileOperation(
  { operator, left, right }: Expression & { kind: 'operation' },
  from: readonly Selection[],
): readonly Selection[] {
  if (operator === '|') return [...compile(left, from), ...compile(right, from)]
  if (operator === 'as') return ofType(compile(left, from), typeName(right))
  if (operator === 'is') return is(compile(left, from), typeName(right))
  // `Patient.deceased.exists() and …` says nothing about a Person
  if (from.length === 0) return []
  const [a, b] = [single(compile(left, from)), single(compile(right, from))]
  return [computed((nodes, resource) => operate(operator, a(nodes, resource), b(nodes, resource)))]
}

/** All that the ways of an expression select together. */
function single(selections: readonly Selection[]): Selection['select'] {
  const [only] = selections
  if (only && selections.length === 1) return only.select
  return (from, resource) => selections.flatMap(({ select }) => select(from, resource))
}

/** @see FHIRPath § Boolean logic: three-valued; § Equality: empty when one side is */
function operate(
  operator: 'or' | 'and' | '=' | '!=',
  left: readonly Json[],
  right: readonly Json[],
): boolean | undefined {
  if (operator === '=' || operator === '!=') {
    if (left.length === 0 || right.length === 0) return undefined
    const equal = left.length === right.length && left.every((item, index) => isEqual(item, right[index]))
    return equal === (operator === '=')
  }
  const decisive = operator === 'or'
  const [a, b] = [left[0], right[0]]
  if (a === decisive || b === decisive) return decisive
  return a === undefined || b === undefined ? undefined : !decisive
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  return isNumber(a) && isNumber(b) ? Number(a) === Number(b) : a === b
}

/**
 * Read as a filter wherever it stands: the published expressions apply `as` to collections, which
 * FHIRPath itself would refuse.
 */
function ofType(selections: readonly Selection[], type: string): readonly Selection[] {
  return selections.flatMap((selection) => {
    if (isA(selection.type, type)) return [selection]
    if (selection.type !== 'Resource') return []
    return [{ ...then(selection, (nodes) => nodes.filter((node) => resourceTypeOf(node) === type)), type }]
  })
}

function is(selections: readonly Selection[], type: string): readonly Selection[] {
  return selections.map((selection) => ({
    ...then(selection, (nodes) =>
      nodes.map((node) => {
        if (selection.type === resolved) return node === type
        return selection.type === 'Resource' ? resourceTypeOf(node) === type : isA(selection.type, type)
      }),
    ),
    type: 'boolean',
    property: undefined,
    target: undefined,
  }))
}
