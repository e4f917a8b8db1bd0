import type { Convert, Extraction } from './convert.ts'
import { converter } from './converters.ts'
import { byCanonical, searchParameters, type SearchParameter } from '../definitions.ts'
import { compileExpression, UnsupportedExpression, type Selection } from './expression.ts'
import type { IndexValue } from './index-value.ts'
import type { Json } from '../json.ts'

/** Selects foci or values of a resource, and tells what they mean to a search parameter. */
export interface Rule {
  readonly select: Selection['select']
  readonly convert: Convert
}

/**
 * The parameters that a composite is made of, in their order, as they are on this type: `code` and
 * `value-quantity` for `code-value-quantity`.
 *
 * @throws UnsupportedExpression when the definitions do not have one of them
 * @see FHIR R4 § Search, "composite"
 */
export function componentParameters(
  type: string,
  { component }: SearchParameter,
): readonly SearchParameter[] {
  return component.map(({ definition }) => {
    const code = byCanonical.get(definition)?.['code']
    const found = typeof code === 'string' ? searchParameters(type).get(code) : undefined
    if (!found) throw new UnsupportedExpression('a component that is not defined')
    return found
  })
}

/**
 * Compiles a composite parameter: the expression selects foci, each component is read within one focus,
 * so that the code of one component never meets the value of another.
 *
 * @throws UnsupportedExpression
 */
export function compileComposite(
  type: string,
  parameter: SearchParameter,
  isCaseSensitive: (code: string) => boolean,
): readonly Rule[] {
  const components = componentParameters(type, parameter)
  const expressions = errata[parameter.url] ?? parameter.component.map(({ expression }) => expression)
  return compileExpression(parameter.expression ?? '', type).map((focus) => {
    const rules = components.map((component, at) =>
      componentRules(component, expressions[at] ?? '', focus.type, isCaseSensitive(component.code)),
    )
    return { select: focus.select, convert: focusOf(parameter.code, components, rules, focus.type === type) }
  })
}

/** R4 gives `relatesto$relation` the expressions of the two the wrong way round. */
const errata: Readonly<Record<string, readonly string[]>> = {
  'http://hl7.org/fhir/SearchParameter/DocumentReference-relationship': ['target', 'code'],
}

function componentRules(
  { code, type: kind }: SearchParameter,
  expression: string,
  focusType: string,
  caseSensitive: boolean,
): readonly Rule[] {
  const rules = compileExpression(expression, focusType).flatMap(({ type, property, select }) => {
    const convert = converter(kind, type, { parameter: code, caseSensitive, property })
    return convert ? [{ select, convert }] : []
  })
  if (rules.length === 0) throw new UnsupportedExpression('a component without a value')
  return rules
}

function focusOf(
  parameter: string,
  components: readonly SearchParameter[],
  rules: readonly (readonly Rule[])[],
  root: boolean,
): Convert {
  const valuesOf = (at: number, focus: Json, to: Extraction): IndexValue[] => {
    const values: IndexValue[] = []
    for (const { select, convert } of rules[at] ?? []) {
      for (const value of select([focus], to.resource)) convert(value, { ...to, found: values })
    }
    const code = components[at]?.code
    return values.filter((value) => value.parameter === code) // `code:text` cannot be asked for here
  }
  return (focus, to) => {
    const found: IndexValue[][] = []
    // the value before the code: it is the one that mostly is not there
    for (let at = components.length - 1; at >= 0; at--) {
      const values = valuesOf(at, focus, to)
      if (values.length === 0) return
      found.unshift(values)
    }
    to.found.push({ kind: 'composite', parameter, components: found, root })
  }
}
