import type { Criterion, Query } from '../../src/fhir/search/query.ts'
import { parseQuery, type ParsedQuery, type ParseOptions } from '../../src/fhir/search/parse-query.ts'

export const base = 'https://hospital.example/fhir'
export const strict: ParseOptions = { zone: 'Europe/Paris', handling: 'strict', base }

/** `Observation?code=x&date=2024`, not percent-encoded */
export function parse(search: string, options = strict): ParsedQuery {
  const [type = '', parameters = ''] = search.split(/\?(.*)/s)
  const pairs = parameters
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)] as const
    })
  return parseQuery(type, pairs, options)
}

/** The criteria with parameters by their code, and no more than what was asked. */
export function brief({ criteria }: Query): unknown[] {
  return criteria.map(briefly)
}

function briefly(criterion: Criterion): unknown {
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      return { [named(criterion)]: criterion.values }
    case 'chain':
      return { [`${criterion.parameter.code}→${criterion.target.type}`]: brief(criterion.target) }
    case 'has':
      return { [`${criterion.source.type}←${criterion.parameter.code}`]: brief(criterion.source) }
    case 'any':
    case 'all':
      return { [criterion.kind]: criterion.of.map(briefly) }
    case 'not':
      return { not: briefly(criterion.of) }
  }
}

function named({ parameter, modifier }: Extract<Criterion, { kind: 'value' | 'composite' }>): string {
  return modifier === undefined ? parameter.code : `${parameter.code}:${modifier}`
}
