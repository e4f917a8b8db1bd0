import { readFileSync, readdirSync } from 'node:fs'
import { resourceTypes } from '../../../src/fhir/definitions.ts'
import { canLeadTo, extract } from '../../../src/fhir/search/extract.ts'
import type { IndexValue } from '../../../src/fhir/search/index-value.ts'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'
import { matches } from '../../../src/fhir/search/matches.ts'
import { normalise } from '../../../src/fhir/search/normalise.ts'
import { parseQuery } from '../../../src/fhir/search/parse-query.ts'
import { escapeValue } from '../../../src/fhir/search/search-escape.ts'
import { strict } from '../../support/search.ts'

const folder = new URL('../../../node_modules/hl7.fhir.r4.examples/', import.meta.url)
const names = readdirSync(folder).sort()

/** HL7's own examples, a few of each type. */
const examples: readonly Resource[] = resourceTypes.flatMap((type) =>
  names
    .filter((name) => name.startsWith(`${type}-`))
    .slice(0, 4)
    .map((name) => parseJson(readFileSync(new URL(name, folder), 'utf8')) as Resource),
)

const coding = (system: string | undefined, code: string) =>
  `${system === undefined ? '' : escapeValue(system)}|${escapeValue(code)}`

/** The text of a search value that asks for what was found; undefined when nothing can be asked of it. */
function asked(value: IndexValue): string | undefined {
  switch (value.kind) {
    case 'token':
      if (value.code !== undefined) return coding(value.system, value.code)
      return value.system === undefined ? undefined : `${escapeValue(value.system)}|`
    case 'of-type':
      return value.system && `${coding(value.system, value.code)}|${escapeValue(value.value)}`
    case 'string':
      return normalise(value.text) === '' ? undefined : escapeValue(value.text)
    case 'reference':
      if (value.url !== undefined)
        return /^[a-z][\w+.-]*:\S+$/i.test(value.url) ? escapeValue(value.url) : undefined
      return value.id === undefined ? undefined : `${value.type ?? ''}/${value.id}`
    case 'uri':
      return value.uri === '' ? undefined : escapeValue(value.uri)
    case 'date':
      return Number.isFinite(value.low) ? `ge${new Date(value.low).toISOString()}` : undefined
    case 'number':
      return Number.isFinite(value.low) ? `le${value.low}` : undefined
    case 'quantity':
      if (!Number.isFinite(value.low)) return undefined
      return value.code === undefined
        ? `le${value.low}`
        : `le${value.low}|${coding(value.system, value.code)}`
    case 'composite': {
      const parts = value.components.map((found) => found.map(asked).find((one) => one !== undefined))
      return parts.some((part) => part === undefined) ? undefined : parts.join('$')
    }
    case 'position':
      return `${value.latitude}|${value.longitude}|1|m`
  }
}

/** Sounds are not what one asks with, and some examples refer to what the element does not take. */
function canBeAsked(type: string, value: IndexValue): boolean {
  if (value.parameter === 'phonetic') return false
  return (
    value.kind !== 'reference' || value.type === undefined || canLeadTo(type, value.parameter, value.type)
  )
}

describe('Every value that a search parameter finds in HL7 examples', () => {
  it('finds the resource again', () => {
    const kinds = new Map<string, number>()
    const lost: string[] = []
    for (const resource of examples) {
      const type = resource.resourceType
      for (const value of extract(resource, strict)) {
        const text = asked(value)
        if (text === undefined || !canBeAsked(type, value)) continue
        const { query } = parseQuery(type, [[value.parameter, text]], strict)
        kinds.set(value.kind, (kinds.get(value.kind) ?? 0) + 1)
        if (!matches(query, resource, strict))
          lost.push(`${type}?${value.parameter} of ${String(resource['id'])}: ${text}`)
      }
    }
    expect(lost).toEqual([])
    expect([...kinds.keys()].sort()).toEqual([
      ...[
        'composite',
        'date',
        'number',
        'of-type',
        'position',
        'quantity',
        'reference',
        'string',
        'token',
        'uri',
      ],
    ])
  })
})
