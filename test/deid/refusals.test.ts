import { deidentify, releasableTypes } from '../../src/deid/apply.ts'
import { compile } from '../../src/deid/compile.ts'
import { C, D, K, S } from '../../src/deid/rule.ts'
import { resourceTypes } from '../../src/fhir/definitions.ts'
import type { JsonObject } from '../../src/fhir/json.ts'
import { about, context, hemoglobin, smallest, typed } from './readable.ts'
import { release } from './support.ts'

describe('what is refused', () => {
  const observation = { resourceType: 'Observation', id: '1', ...smallest['Observation'] }
  it.each<[string, JsonObject, string, string]>([
    ['a type without a table', { resourceType: 'Practitioner', id: '1' }, 'no-rules', 'Practitioner'],
    ['a type FHIR does not have, unnamed', { resourceType: 'Dupont', id: '1' }, 'no-rules', 'Resource'],
    [
      'a modifierExtension at the root',
      { ...observation, modifierExtension: [{ url: 'http://x' }] },
      'modifier-extension',
      'Observation',
    ],
    [
      'one inside a backbone element',
      { ...observation, component: [{ code: typed, modifierExtension: [{ url: 'http://x' }] }] },
      'modifier-extension',
      'Observation.component',
    ],
    [
      'a subject outside the release',
      { ...observation, subject: { reference: 'Patient/out' } },
      'subject-not-released',
      'Observation.subject',
    ],
    [
      'a subject known by identifier alone',
      { ...observation, subject: { identifier: { value: '1' } } },
      'subject-not-released',
      'Observation.subject',
    ],
    [
      'a subject on another server',
      { ...observation, subject: { reference: 'https://other.example/fhir/Patient/1' } },
      'subject-not-released',
      'Observation.subject',
    ],
    [
      'a contained subject',
      { ...observation, contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } },
      'subject-not-released',
      'Observation.subject',
    ],
    [
      'a focus outside the release',
      { ...observation, focus: [about, { reference: 'Patient/out' }] },
      'subject-not-released',
      'Observation.focus',
    ],
    [
      'a patient outside the release',
      { resourceType: 'Patient', id: 'out' },
      'subject-not-released',
      'Patient.id',
    ],
    [
      'a status FHIR does not have',
      { ...observation, status: 'Dupont' },
      'mandatory-element',
      'Observation.status',
    ],
    [
      'a missing mandatory element',
      { resourceType: 'Condition', id: '1' },
      'mandatory-element',
      'Condition.subject',
    ],
    ['a missing id', { resourceType: 'Patient' }, 'mandatory-element', 'Patient.id'],
  ])('%s', (_title, resource, reason, path) => {
    expect(deidentify(resource as JsonObject & { resourceType: string }, context)).toEqual({
      refused: { reason, path },
    })
  })

  it('every resource type but those with a table', () => {
    const refused = resourceTypes.filter((type) => {
      const result = deidentify({ resourceType: type, id: '1' }, context)
      return 'refused' in result && result.refused.reason === 'no-rules'
    })
    expect(refused.length + releasableTypes.size).toBe(resourceTypes.length)
  })
})

describe('contained resources', () => {
  const medication = { resourceType: 'Medication', id: 'dupont', code: typed, batch: { lotNumber: '1' } }
  const order = {
    resourceType: 'MedicationRequest',
    id: '1',
    status: 'active',
    intent: 'order',
    subject: about,
  }

  it('that are things go along under a number, once, when something refers to them', () => {
    const resource = {
      ...order,
      contained: [{ resourceType: 'Medication', id: 'unused', code: typed }, medication],
      medicationReference: { reference: '#dupont', display: 'Dupont' },
    }
    expect(release(resource, context)).toMatchObject({
      contained: [{ resourceType: 'Medication', id: 'contained-1', code: { coding: [hemoglobin] } }],
      medicationReference: { reference: '#contained-1' },
    })
    expect(release(resource, context)['contained']).toHaveLength(1)
  })

  it('that must not leave are masked where FHIR demands the reference', () => {
    const withModifier = { ...medication, modifierExtension: [{ url: 'http://x' }] }
    const out = release(
      { ...order, contained: [withModifier], medicationReference: { reference: '#dupont' } },
      context,
    )
    expect(out['contained']).toBeUndefined()
    expect(out['medicationReference']).toEqual({
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
    })
  })

  it('that state something about the patient stay behind', () => {
    const out = release(
      {
        resourceType: 'DiagnosticReport',
        id: '1',
        ...smallest['DiagnosticReport'],
        contained: [{ resourceType: 'Observation', id: 'o', ...smallest['Observation'] }],
        result: [{ reference: '#o' }],
      },
      context,
    )
    expect(out['contained']).toBeUndefined()
    expect(out['result']).toBeUndefined()
  })
})

describe('the elements a permit approves', () => {
  const observation = {
    resourceType: 'Observation',
    id: '1',
    status: 'final',
    code: typed,
    subject: about,
    valueInteger: 3,
    effectiveDateTime: '2024-03-01',
    encounter: { reference: 'Encounter/7' },
  }

  it.each([['value'], ['value[x]'], ['valueInteger']])(
    'leave beside the mandatory ones, a choice as %s',
    (name) => {
      const out = release(observation, { ...context, elements: [name] })
      expect(Object.keys(out)).toEqual(['resourceType', 'id', 'meta', 'status', 'code', 'valueInteger'])
    },
  )

  it('are marked as a subset', () => {
    const out = release(observation, { ...context, elements: [] })
    expect(out['meta']).toMatchObject({ tag: [{ code: 'P1' }, { code: 'SUBSETTED' }] })
  })

  it('do not let a resource about somebody else through when the subject is not one of them', () => {
    const other = { ...observation, subject: { reference: 'Patient/out' } }
    expect(deidentify(other, { ...context, elements: ['value'] })).toEqual({
      refused: { reason: 'subject-not-released', path: 'Observation.subject' },
    })
  })

  it('never separate a condition from the status that refutes it, nor an order from its negation', () => {
    const refuted = {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'refuted' }],
    }
    const condition = {
      resourceType: 'Condition',
      id: '1',
      subject: about,
      code: typed,
      verificationStatus: refuted,
    }
    expect(release(condition, { ...context, elements: ['code'] })).toHaveProperty('verificationStatus')
    const order = {
      resourceType: 'MedicationRequest',
      id: '1',
      ...smallest['MedicationRequest'],
      doNotPerform: true,
    }
    expect(release(order, { ...context, elements: [] })).toHaveProperty('doNotPerform', true)
  })
})

describe('a table that would not hold stops the start', () => {
  it.each([
    ['an element FHIR does not have', 'Encounter', { status: K, class: C, dupont: D }],
    ['a rule its datatype cannot take', 'Encounter', { status: S, class: C }],
    [
      'a code whose values cannot be listed',
      'Patient',
      { active: K, deceasedBoolean: K, deceasedDateTime: S, link: D, name: K },
    ],
    ['a mandatory element dropped', 'Encounter', { status: K, class: D }],
    ['a modifier element forgotten', 'Patient', { gender: K }],
  ])('%s', (_title, type, table) => {
    expect(() => compile(type, table)).toThrow(TypeError)
  })
})
