import { parseQuery, type ParsedQuery, type ParseOptions } from '../../src/fhir/parse-query.ts'

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
