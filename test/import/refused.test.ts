import { Buffer } from 'node:buffer'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issue } from '../../src/fhir/outcome.ts'
import { dataDir, file, ndjson, patient, Recorder, run } from './recorder.ts'

describe('what is refused', () => {
  it('is reported by file, line, type, element and rule, and with no value, id or file name', async () => {
    const content = [
      '{"resourceType":"Patient","id":"secret-1","birthDate":"SECRET"}',
      '{"resourceType":"Patient","id":"secret-2"',
      '{"resourceType":"SECRET"}',
      '[1]',
      '{"id":"secret-3"}',
    ].join('\n')
    const path = await file('SECRET Jean.ndjson', content)
    const sink = new Recorder()
    sink.judge = ({ resourceType }) =>
      resourceType === 'SECRET' || resourceType === 'Patient'
        ? [issue('value', 'not as it should be', 'Patient.birthDate')]
        : undefined
    const outcome = await run([await file('1.ndjson', ndjson([{ resourceType: 'Group' }])), path], sink)
    expect(outcome).toMatchObject({ accepted: 1, refused: 5 })
    expect(outcome.filesWithRefusals).toEqual(new Set([2]))
    const sorted = outcome.report.slice(0, -1).toSorted((left, right) => lineOf(left) - lineOf(right))
    expect(sorted[0]).toEqual({
      ...{ file: 2, line: 1, resourceType: 'Patient' },
      issues: [{ code: 'value', diagnostics: 'not as it should be', expression: ['Patient.birthDate'] }],
    })
    expect(sorted.map(lineOf)).toEqual([1, 2, 3, 4, 5])
    expect(JSON.stringify(outcome.report)).not.toMatch(/secret/i)
  })

  it('leaves nothing of names or content in the data dir', async () => {
    const path = await file('SECRET.ndjson', ndjson([{ resourceType: 'Patient', id: 'SECRET' }]))
    await run([path], new Recorder())
    for (const name of await readdir(dataDir, { recursive: true })) {
      expect(name).not.toContain('SECRET')
      const text = await readFile(join(dataDir, name), 'utf8').catch(() => '')
      expect(text).not.toContain('SECRET')
    }
  })

  it('includes a line that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from(ndjson([patient(1)])), Buffer.from([0x7b, 0xff, 0x7d, 0x0a])])
    const { report, accepted } = await run([await file('a.ndjson', bytes)], new Recorder())
    expect(accepted).toBe(1)
    expect(report[0]).toMatchObject({ line: 2, issues: [{ code: 'structure', diagnostics: 'not UTF-8' }] })
  })
})

function lineOf(value: unknown): number {
  return typeof value === 'object' && value !== null && 'line' in value ? Number(value.line) : NaN
}
