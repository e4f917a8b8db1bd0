import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { operations } from '../../src/interactions/operations/index.ts'
import { surface } from '../../src/interactions/route.ts'

/** docs/conformance.md against the code and the tests that it names. */
const root = join(import.meta.dirname, '../..')

interface Row {
  readonly section: string
  readonly feature: string
  readonly state: string
  /** the tests that show it, or the reason why it is off */
  readonly shown: string
}

const rows = readFileSync(join(root, 'docs/conformance.md'), 'utf8')
  .split(/^## /m)
  .flatMap((text) => {
    const [section = '', ...lines] = text.split('\n')
    return lines.filter((line) => line.startsWith('| ')).map((line) => rowOf(section, line))
  })
  .filter(({ feature }) => feature !== 'feature')

function rowOf(section: string, line: string): Row {
  const [feature = '', state = '', shown = '', ...more] = line
    .slice(2, -2)
    .split(/(?<!\\) ?\| /)
    .map((cell) => cell.replaceAll('\\|', '|'))
  if (more.length > 0) throw new TypeError(`a row of more than three cells: ${feature}`)
  return { section, feature, state, shown }
}

/** `` `test/rest/crud.test.ts` “title” `` */
function testsOf({ shown }: Row): { readonly path: string; readonly title: string }[] {
  return [...shown.matchAll(/`(test\/[^`]+\.test\.ts)` “([^”]+)”/g)].map(([, path = '', title = '']) => ({
    path,
    title,
  }))
}

/** Words of code in the features: `` `_sort` ``, `` `Patient/$everything` ``. */
function names({ feature }: Row): string[] {
  return [...feature.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

describe('the table of conformance', () => {
  it('says of each feature that it is on or off', () => {
    expect(rows.length).toBeGreaterThan(300)
    expect(rows.filter(({ feature, state }) => feature === '' || !/^(on|off)$/.test(state))).toEqual([])
  })

  it('names a test for what is on, and for what is off a reason', () => {
    const withoutTest = rows.filter((row) => row.state === 'on' && testsOf(row).length === 0)
    const withoutReason = rows.filter(({ state, shown }) => state === 'off' && !/^\S.{20,}\.$/.test(shown))
    expect([...withoutTest, ...withoutReason]).toEqual([])
  })

  it('names tests that there are, by their titles', () => {
    const isThere = ({ path, title }: { path: string; title: string }) => {
      if (!existsSync(join(root, path))) return false
      const text = readFileSync(join(root, path), 'utf8')
      return [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted))
    }
    expect(rows.flatMap(testsOf).filter((test) => !isThere(test))).toEqual([])
  })

  it('has every interaction of the route table', () => {
    const told = new Set(rows.filter(({ section }) => section === 'RESTful API').flatMap(names))
    const codes = [...surface.map(({ interaction }) => interaction), 'transaction']
    expect(codes.filter((code) => !told.has(code))).toEqual([])
  })

  it('has every operation, ours as on, those of R4 that are not ours as off', () => {
    const told = (state: string) =>
      new Set(rows.filter((row) => row.section === 'Operations' && row.state === state).flatMap(names))
    const [on, off] = [told('on'), told('off')]
    const ours = operations.map(({ name, types: [type, ...others] }) => {
      return type === undefined || others.length > 0 ? `$${name}` : `${type}/$${name}`
    })
    expect(ours.filter((name) => !on.has(name))).toEqual([])
    const defined = operationsOfR4()
    expect(defined).toContain('Patient/$match')
    expect(defined.filter((name) => !ours.includes(name) && (on.has(name) || !off.has(name)))).toEqual([])
  })

  it('has every parameter and modifier of a search', () => {
    const told = new Set(rows.filter(({ section }) => section === 'Search').flatMap(names))
    expect([...parameters, ...modifiers, ...prefixes].filter((name) => !told.has(name))).toEqual([])
  })
})

/** HL7's examples hold all OperationDefinitions of R4, in files named by type and code. */
function operationsOfR4(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
  return readdirSync(folder).flatMap((file) => {
    const [, type, code] = /^OperationDefinition-([A-Z]\w+)-([a-z-]+)\.json$/.exec(file) ?? []
    if (type === undefined) return []
    return type === 'Resource' ? `$${code}` : `${type}/$${code}`
  })
}

/** @see FHIR R4 § Search, "Summary Table" */
const parameters = [
  ...['_id', '_lastUpdated', '_tag', '_profile', '_security', '_source', '_text', '_content', '_list'],
  ...['_has', '_type', '_filter', '_query', '_sort', '_count', '_include', '_revinclude', '_elements'],
  ...['_summary=count', '_total=none', '_contained=true', '_containedType'],
]
const modifiers = [
  ...[':missing', ':exact', ':contains', ':not', ':text', ':in', ':not-in', ':above', ':below'],
  ...[':of-type', ':identifier', ':[type]', ':iterate'],
]
const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']
