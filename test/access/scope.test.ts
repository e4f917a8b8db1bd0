import fc from 'fast-check'
import {
  narrow,
  parseScope,
  parseScopes,
  printScopes,
  type Permission,
  type Scope,
} from '../../src/access/scope.ts'

const zone = 'Europe/Paris'
const canonical = (text: string) => printScopes(parseScopes(text, zone))

describe('SMART scopes', () => {
  it.each([
    ['system/Observation.read', 'system/Observation.rs'],
    ['system/Observation.write', 'system/Observation.cud'],
    ['system/Observation.*', 'system/Observation.cruds'],
    ['system/*.*', 'system/*.cruds'],
    ['user/Patient.read', 'user/Patient.rs'],
    ['patient/*.rs', 'patient/*.rs'],
    ['system/Patient.c', 'system/Patient.c'],
  ])('A33 reads v1 and v2 alike: %s is %s', (given, expected) => {
    expect(canonical(given)).toBe(expected)
  })

  it('A33 keeps the whole of a list that mixes v1 and v2', () => {
    expect(canonical('system/Patient.rs system/Observation.read system/Condition.cud')).toBe(
      'system/Condition.cud system/Observation.rs system/Patient.rs',
    )
  })

  it.each([
    ...['system/Observation.dus', 'system/Observation.x', 'system/Observation.', 'system/Observation.rr'],
    ...['system/Observation.Read', 'system/Nothing.rs', 'system/observation.rs', 'system/Resource.rs'],
    ...['admin/Observation.rs', '/Observation.rs', 'system/.rs', 'system.rs', 'launch', 'launch/patient'],
    ...['openid', 'fhirUser', 'offline_access', '', 'system/Observation.rs ?category=x', 'constructor'],
    ...['system/Observation.constructor', 'system/Observation.toString?code=x'],
  ])('A34 takes nothing from %p', (token) => {
    expect(parseScope(token, zone)).toBeUndefined()
  })

  it.each([
    ['a parameter that the type does not have', 'system/Observation.rs?shoe-size=43'],
    ['a value that cannot be read', 'system/Observation.rs?date=yesterday'],
    ['a parameter that limits nothing', 'system/Observation.rs?_sort=date'],
    [
      'a value set, which others may change',
      'system/Observation.rs?status:in=http://hl7.org/fhir/ValueSet/observation-status',
    ],
    ['a parameter on all types', 'system/*.rs?category=laboratory'],
    ['a parameter on a v1 scope', 'system/Observation.read?category=laboratory'],
    ['a date that is near: what is near widens as it grows old', 'system/Observation.rs?date=ap2024-03'],
    ['no parameter after the question mark', 'system/Observation.rs?'],
  ])('A34 takes nothing from a granular scope with %s', (_, token) => {
    expect(parseScope(token, zone)).toBeUndefined()
  })

  it('prints a granular scope as it was written', () => {
    const text =
      'patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis'
    expect(canonical(text)).toBe(text)
    expect(parseScope(text, zone)?.filters).toHaveLength(1)
  })

  it('ANDs the parameters of one granular scope in one query', () => {
    const scope = parseScope('system/Observation.rs?category=laboratory&status=final', zone)
    expect(scope?.filters.map((query) => query.criteria.length)).toEqual([2])
  })

  it('prints a set of scopes once: letters merged, what a wider one includes left out', () => {
    expect(
      canonical(
        'system/Patient.r system/Patient.s system/*.r system/Observation.r system/Observation.rs?code=x',
      ),
    ).toBe('system/*.r system/Observation.rs?code=x system/Patient.rs')
  })
})

describe('narrowing', () => {
  const narrowed = (requested: string, allowed: string) =>
    printScopes(narrow(parseScopes(requested, zone), parseScopes(allowed, zone)))

  it.each([
    ['system/*.cruds', 'system/Observation.rs', 'system/Observation.rs'],
    ['system/Observation.cruds', 'system/*.rs', 'system/Observation.rs'],
    ['system/Observation.cud', 'system/*.rs', ''],
    ['user/*.cruds', 'system/*.cruds', ''],
    ['system/Patient.rs system/Observation.rs', 'system/Observation.r', 'system/Observation.r'],
    ['system/Observation.rs', 'system/Observation.rs?code=x', 'system/Observation.rs?code=x'],
    ['system/Observation.rs?code=x', 'system/*.rs', 'system/Observation.rs?code=x'],
    [
      'system/Observation.rs?code=x',
      'system/Observation.rs?status=final',
      'system/Observation.rs?code=x&status=final',
    ],
    ['system/*.rs', 'system/Patient.r system/Condition.s', 'system/Condition.s system/Patient.r'],
  ])('A66 of %s within %s leaves %p', (requested, allowed, expected) => {
    expect(narrowed(requested, allowed)).toBe(expected)
  })

  it('asks for both filters when both sides have one', () => {
    const [scope] = narrow(
      parseScopes('system/Observation.rs?code=x', zone),
      parseScopes('system/Observation.rs?status=final', zone),
    )
    const codes = scope?.filters[0]?.criteria.map((one) => one.kind === 'value' && one.parameter.code)
    expect(codes?.sort()).toEqual(['code', 'status'])
  })

  it('is never wider than either side, and gives all that both give', () => {
    fc.assert(
      fc.property(scopeLists, scopeLists, (requested, allowed) => {
        const granted = narrow(requested, allowed)
        for (const question of questions) {
          const both = gives(requested, question) && gives(allowed, question)
          expect(gives(granted, question)).toBe(both)
        }
      }),
    )
  })

  it('comes back the same after print and parse', () => {
    fc.assert(
      fc.property(scopeLists, scopeLists, (requested, allowed) => {
        const text = printScopes(narrow(requested, allowed))
        expect(canonical(text)).toBe(text)
      }),
    )
  })
})

// --- a naive model of what a set of scopes gives, over resources that match some of two parameters

interface Question {
  readonly context: string
  readonly type: string
  readonly permission: Permission
  /** the parameters, `code=x` and `status=final`, that the resource asked for matches */
  readonly matches: readonly string[]
}

function gives(scopes: readonly Scope[], question: Question): boolean {
  return scopes.some(
    (scope) =>
      scope.context === question.context &&
      (scope.type === '*' || scope.type === question.type) &&
      scope.permissions.has(question.permission) &&
      (scope.parameters ?? '')
        .split('&')
        .every((parameter) => parameter === '' || question.matches.includes(parameter)),
  )
}

const contexts = ['patient', 'user', 'system']
const subsets = [[], ['code=x'], ['status=final'], ['code=x', 'status=final']]
const letters: readonly Permission[] = ['c', 'r', 'u', 'd', 's']
const questions: readonly Question[] = contexts.flatMap((context) =>
  ['Observation', 'Condition'].flatMap((type) =>
    letters.flatMap((permission) => subsets.map((matches) => ({ context, type, permission, matches }))),
  ),
)

const scopeText = fc
  .record({
    context: fc.constantFrom(...contexts),
    type: fc.constantFrom('*', 'Observation', 'Condition'),
    actions: fc.oneof(
      fc.constantFrom('read', 'write', '*'),
      fc.subarray([...letters], { minLength: 1 }).map((some) => some.join('')),
    ),
    parameters: fc.constantFrom(...subsets),
  })
  .map(({ context, type, actions, parameters }) => {
    const granular = type === 'Observation' && /^[cruds]+$/.test(actions) && parameters.length > 0
    return `${context}/${type}.${actions}${granular ? `?${parameters.join('&')}` : ''}`
  })
const scopeLists = fc.array(scopeText, { maxLength: 5 }).map((texts) => parseScopes(texts.join(' '), zone))
