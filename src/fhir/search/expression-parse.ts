/** A FHIRPath expression as a tree: the part of the language that SearchParameters use. */
export type Expression =
  /** the element the expression is evaluated on */
  | { readonly kind: 'focus' }
  /** `%resource`: the resource that the focus is part of */
  | { readonly kind: 'resource' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | {
      readonly kind: 'call'
      readonly of: Expression
      readonly name: string
      readonly arguments: readonly Expression[]
    }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: number }
  | {
      readonly kind: 'operation'
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    }

export type Operator = 'or' | 'and' | '=' | '!=' | '|' | 'is' | 'as'

/** What we do not read or cannot compile. The parameter is then reported, and refused in searches. */
export class UnsupportedExpression extends Error {}

/** How tightly an operator binds. @see FHIRPath § Operator Precedence */
const precedence: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['=', 3],
  ['!=', 3],
  ['|', 4],
  ['is', 5],
  ['as', 5],
])

const focus: Expression = { kind: 'focus' }

/**
 * Reads a FHIRPath expression: paths, indexers, calls, string, integer and boolean literals, `%resource`,
 * and the operators `or and = != | is as`.
 *
 * @throws UnsupportedExpression for any other syntax
 * @see http://hl7.org/fhirpath/N1/
 */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text)
  const expression = readOperation(tokens, 1)
  if (tokens.peek() !== undefined) throw new UnsupportedExpression('text after the expression')
  return expression
}

interface Tokens {
  peek(): string | undefined
  take(): string
  accept(token: string): boolean
}

const token = /\s*(?:(%?[A-Za-z_]\w*|\d+|!=|[.,|=()[\]])|'((?:[^'\\]|\\['\\/`"])*)')/y

/** String literals come out with their opening quote, so that they are not taken for names. */
function tokenize(text: string): Tokens {
  const found: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const match = token.exec(text)
    if (!match) throw new UnsupportedExpression('a token that is not known')
    found.push(match[1] ?? `'${(match[2] ?? '').replace(/\\(.)/g, '$1')}`)
  }
  let at = 0
  return {
    peek: () => found[at],
    take() {
      const next = found[at++]
      if (next === undefined) throw new UnsupportedExpression('an expression that ends too early')
      return next
    },
    accept(wanted) {
      if (found[at] !== wanted) return false
      at++
      return true
    },
  }
}

function readOperation(tokens: Tokens, minimum: number): Expression {
  let left = readPath(tokens)
  for (;;) {
    const operator = tokens.peek() ?? ''
    const binding = precedence.get(operator) ?? 0
    if (binding < minimum) return left
    tokens.take()
    const right = readOperation(tokens, binding + 1)
    left = { kind: 'operation', operator: operator as Operator, left, right }
  }
}

function readPath(tokens: Tokens): Expression {
  let path = readTerm(tokens)
  for (;;) {
    if (tokens.accept('.')) path = readMember(tokens, path, tokens.take())
    else if (tokens.accept('[')) path = readIndex(tokens, path)
    else return path
  }
}

function readTerm(tokens: Tokens): Expression {
  const next = tokens.take()
  if (next === '(') {
    const inner = readOperation(tokens, 1)
    expect(tokens, ')')
    return inner
  }
  if (next.startsWith("'")) return { kind: 'literal', value: next.slice(1) }
  if (next === 'true' || next === 'false') return { kind: 'literal', value: next === 'true' }
  if (/^\d/.test(next)) return { kind: 'literal', value: Number(next) }
  if (next === '%resource') return { kind: 'resource' }
  return readMember(tokens, focus, next)
}

function readMember(tokens: Tokens, of: Expression, name: string): Expression {
  if (!/^[A-Za-z_]/.test(name)) throw new UnsupportedExpression('a name expected')
  if (!tokens.accept('(')) return { kind: 'member', of, name }
  const parameters: Expression[] = []
  while (!tokens.accept(')')) {
    if (parameters.length > 0) expect(tokens, ',')
    parameters.push(readOperation(tokens, 1))
  }
  return { kind: 'call', of, name, arguments: parameters }
}

function readIndex(tokens: Tokens, of: Expression): Expression {
  const at = tokens.take()
  if (!/^\d+$/.test(at)) throw new UnsupportedExpression('an indexer that is not a number')
  expect(tokens, ']')
  return { kind: 'index', of, at: Number(at) }
}

function expect(tokens: Tokens, wanted: string): void {
  if (!tokens.accept(wanted)) throw new UnsupportedExpression(`'${wanted}' expected`)
}
