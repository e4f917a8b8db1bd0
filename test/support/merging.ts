import type { Parameters, ParametersParameter } from 'fhir/r4.js'

/** What the tests of a merge write and send. */
export const ipp = (value: string) => ({ system: 'urn:ipp', value })
export const to = (id: string) => ({ reference: `Patient/${id}` })
const code = { coding: [{ system: 'http://loinc.org', code: '2160-0' }] }
export const observation = (id: string, more: object) => ({
  ...{ resourceType: 'Observation', id, status: 'final', code },
  ...more,
})
const extension = (id: string) => [{ url: 'urn:donor', valueReference: to(id) }]

/** Resources that refer to the source in every way there is. @param base of the server's FHIR base */
export const referring = (source: string, target: string, base: string) => [
  observation(`${source}-1`, {
    subject: to(source),
    note: [{ text: 'a note', authorReference: to(source) }],
  }),
  observation(`${source}-2`, { subject: to(target), performer: [to(target), to(source)] }),
  observation(`${source}-3`, { subject: { reference: `${base}/Patient/${source}` } }),
  { resourceType: 'Basic', id: `${source}-4`, code: { text: 'x' }, extension: extension(source) },
  { resourceType: 'RelatedPerson', id: `${source}-5`, patient: to(source), name: [{ family: 'Mère' }] },
  { resourceType: 'Patient', id: `${source}-6`, link: [{ other: to(source), type: 'seealso' }] },
]

/** The Parameters of `$merge` and `$undo-merge`. */
export const call = (source: string, target: string, ...more: ParametersParameter[]): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'source-patient', valueReference: to(source) },
    { name: 'target-patient', valueReference: to(target) },
    ...more,
  ],
})

/** After s1 was merged into t1: what is refused, and with which status. */
export const refusedMerges: readonly [string, number, Parameters][] = [
  ['the same Patient twice', 422, call('t1', 't1')],
  ['a source that was replaced by another', 422, call('s1', 't3')],
  ['a target that was replaced', 422, call('t3', 's1')],
  ['a Patient that is not there', 404, call('nobody', 't1')],
  [
    'identifiers that the Patient has not',
    422,
    call('s3', 't3', { name: 'source-patient-identifier', valueIdentifier: ipp('x') }),
  ],
  [
    'a result-patient that is not the target',
    400,
    call('s3', 't3', { name: 'result-patient', resource: { resourceType: 'Patient', id: 's3' } }),
  ],
  [
    'a result-patient without the link',
    400,
    call('s3', 't3', { name: 'result-patient', resource: { resourceType: 'Patient', id: 't3' } }),
  ],
  [
    'one Patient alone',
    400,
    { resourceType: 'Parameters', parameter: [{ name: 'source-patient', valueReference: to('s3') }] },
  ],
  ['a parameter that it does not have', 400, call('s3', 't3', { name: 'force', valueBoolean: true })],
]
