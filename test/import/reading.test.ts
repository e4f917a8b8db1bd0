import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findSources, SourceError } from '../../src/import/source.ts'
import { generatePatients } from '../../src/demo/generate.ts'
import { stringifyJson, type Resource } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { bundle, file, folder, nameOf, ndjson, patient, range, Recorder, run } from './recorder.ts'

describe('reading', () => {
  it('takes .ndjson, .json and their .gz from a folder and those below it, sorted by name', async () => {
    await file('b.ndjson', ndjson([patient(3), patient(4)]))
    await file('a/2.json.gz', gzipSync(JSON.stringify(patient(2), undefined, 2)))
    await file('a/1.json', JSON.stringify(patient(1), undefined, 2))
    await file('c.ndjson.gz', gzipSync(ndjson([patient(5)])))
    await file('notes.txt', 'not for us')
    const sink = new Recorder()
    const outcome = await run([join(folder, 'input')], sink, { parallel: 1 })
    expect(sink.resources).toEqual(['Patient/p1', 'Patient/p2', 'Patient/p3', 'Patient/p4', 'Patient/p5'])
    expect(outcome).toMatchObject({ accepted: 5, refused: 0, stopped: false })
  })

  it('takes CRLF, a byte order mark, blank lines and a last line without its end', async () => {
    const lines = [
      '\ufeff{"resourceType":"Patient","id":"p1"}\r',
      '',
      '  ',
      '{"resourceType":"Patient","id":"p2"}',
    ]
    const sink = new Recorder()
    await run([await file('a.ndjson', lines.join('\n'))], sink)
    expect(sink.resources).toEqual(['Patient/p1', 'Patient/p2'])
  })

  it('keeps the digits of decimals', async () => {
    const sink = new Recorder()
    let seen = ''
    sink.judge = (resource) => {
      seen = stringifyJson(resource)
      return undefined
    }
    const text = '{"resourceType":"Observation","valueQuantity":{"value":1.50}}'
    await run([await file('a.ndjson', text)], sink)
    expect(seen).toBe(text)
  })

  it('refuses a path that is not there, and a file of another kind', async () => {
    await expect(findSources([join(folder, 'missing.ndjson')])).rejects.toThrow(SourceError)
    await expect(findSources([await file('a.csv', 'a,b')])).rejects.toThrow('not a .ndjson')
  })

  it('fails on a compressed file that was cut off, after what came before', async () => {
    const whole = gzipSync(ndjson(range(3000).map(patient)))
    const path = await file('cut.ndjson.gz', whole.subarray(0, whole.length - 20))
    await expect(run([path], new Recorder())).rejects.toThrow(SourceError)
  })
})

describe('Bundles', () => {
  it('carries out transactions and batches as they are, in order with the resources around them', async () => {
    const entry = [{ resource: patient(2), request: { method: 'POST', url: 'Patient' } }]
    const content = ndjson([patient(1), bundle('transaction', entry), patient(3), bundle('batch', entry)])
    const sink = new Recorder()
    const outcome = await run([await file('a.ndjson', content)], sink)
    expect(sink.bundles.map(({ type }) => type)).toEqual(['transaction', 'batch'])
    expect(sink.batches).toEqual([1, 1])
    expect(outcome.accepted).toBe(4)
  })

  it('takes the resources of a collection one by one and names the entry it cannot take', async () => {
    const content = stringifyJson(
      bundle('collection', [{ resource: patient(1) }, { fullUrl: 'urn:x' }, { resource: patient(2) }]),
    )
    const sink = new Recorder()
    const { report, refused } = await run([await file('a.json', content)], sink)
    expect(sink.resources).toEqual(['Patient/p1', 'Patient/p2'])
    expect(refused).toBe(1)
    expect(report[0]).toMatchObject({ file: 1, line: 1, entry: 1 })
  })

  it('takes a document Bundle as a resource and refuses a history', async () => {
    const content = ndjson([{ ...bundle('document', []), id: 'd1' }, bundle('history', [])])
    const sink = new Recorder()
    const { report } = await run([await file('a.ndjson', content)], sink)
    expect(sink.resources).toEqual(['Bundle/d1'])
    expect(report[0]).toMatchObject({
      line: 2,
      issues: [{ code: 'not-supported', expression: ['Bundle.type'] }],
    })
  })

  it('tells of a transaction that is refused whole once, and counts its entries', async () => {
    const sink = new Recorder()
    sink.judge = () => {
      throw FhirError.rule('Patient.birthDate: after today', 'Bundle.entry[0].resource.birthDate')
    }
    const entry = range(3).map((id) => ({
      resource: patient(id),
      request: { method: 'POST', url: 'Patient' },
    }))
    const { report, accepted, refused } = await run(
      [await file('a.ndjson', ndjson([bundle('transaction', entry)]))],
      sink,
    )
    expect([accepted, refused]).toEqual([0, 3])
    const issues = [
      {
        code: 'business-rule',
        diagnostics: 'Patient.birthDate: after today',
        expression: ['Bundle.entry[0].resource.birthDate'],
      },
    ]
    expect(report).toEqual([
      { file: 1, line: 1, resourceType: 'Bundle', issues },
      { counts: { files: 1, accepted: 0, refused: 3 } },
    ])
  })
})

describe('order', () => {
  it('begins calls in the order of the documents and has no more under way than allowed', async () => {
    const paths = [await file('a.ndjson', ndjson(range(5000).map(patient)))]
    const sink = new Recorder()
    sink.meet = 3
    await run(paths, sink, { parallel: 3 })
    expect(sink.resources).toEqual(range(5000).map((id) => `Patient/p${id}`))
    expect(sink.mostAloft).toBe(3)
    expect(Math.max(...sink.batches)).toBeLessThanOrEqual(1000)
  })

  it.each([
    ['writes a resource again', [patient(1)], [patient(1)], 1],
    [
      'refers to it',
      [patient(1)],
      [{ resourceType: 'Observation', subject: { reference: 'Patient/p1' } }],
      1,
    ],
    [
      'refers to it by criteria',
      [patient(1)],
      [{ resourceType: 'Observation', subject: { reference: 'Patient?x=y' } }],
      1,
    ],
    [
      'has nothing to do with it',
      [patient(1)],
      [{ resourceType: 'Observation', subject: { reference: 'Patient/p2' } }],
      2,
    ],
  ] as const)('waits with a Bundle for the one before when it %s', async (_, first, second, aloft) => {
    const batch = (resources: readonly Resource[]): Resource =>
      bundle(
        'batch',
        resources.map((resource) => ({ resource, request: { method: 'PUT', url: nameOf(resource) } })),
      )
    const sink = new Recorder()
    sink.meet = 2
    await run([await file('a.ndjson', ndjson([batch(first), batch(second as readonly Resource[])]))], sink)
    expect(sink.mostAloft).toBe(aloft)
  })

  it('lets batches of different patients overlap, as the generator and exports list them', async () => {
    const resources = [...generatePatients({ seed: 1, patients: 30 })].slice(1).flat()
    const sink = new Recorder()
    sink.meet = 4
    await run([await file('a.ndjson', ndjson(resources))], sink)
    expect(sink.mostAloft).toBe(4)
    expect(sink.resources).toHaveLength(resources.length)
  })
})
