/**
 * `_filter` read by its grammar, and judged as it is read: `meets` is asked of every comparison.
 *
 * @param meets whether a path compares as the operator says; the value is without its quotes
 * @see FHIR R4 § Filter Parameter
 */
export function meetsFilter(
  text: string,
  meets: (path: string, operator: string, value: string) => boolean,
): boolean {
  const words = [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|[()]|[^\s()]+)/gs)].map(([, word = '']) => word)
  const take = () => words.shift() ?? ''
  const all = (): boolean => {
    let result = term()
    // from left to right: neither binds first
    while (words[0] === 'and' || words[0] === 'or') {
      const isAnd = take() === 'and'
      const next = term()
      result = isAnd ? result && next : result || next
    }
    return result
  }
  const group = (): boolean => {
    take()
    const result = all()
    take()
    return result
  }
  const term = (): boolean => {
    if (words[0] === '(') return group()
    const path = take()
    if (path === 'not') return !group()
    const [operator, value] = [take(), take()]
    return meets(path, operator, value.startsWith('"') ? (JSON.parse(value) as string) : value)
  }
  return all()
}

/** What an operator asks of a type of parameter, as a modifier and a value of a search. */
export function asParameter(
  operator: string,
  type: string,
  value: string,
): readonly [modifier: string | undefined, value: string] {
  const isOrdered = /^(date|number|quantity)$/.test(type)
  switch (operator) {
    case 'pr':
      return ['missing', value === 'true' ? 'false' : 'true']
    case 'co':
      return ['contains', value]
    case 'sw':
    case 're':
      return [undefined, value]
    case 'eq':
      return [type === 'string' ? 'exact' : undefined, isOrdered ? `eq${value}` : value]
    default:
      return [undefined, operator + value]
  }
}
