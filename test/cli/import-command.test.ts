import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { importCommand, importPaths } from '../../src/cli/import.ts'
import type { ImportSink } from '../../src/import/sink.ts'
import { readSettings } from '../../src/config.ts'
import { issue } from '../../src/fhir/outcome.ts'
import { dataDir, file, ndjson, patient, range, Recorder } from '../import/recorder.ts'

/** Runs the command as the operator would. @returns its exit code, what it printed, whether it closed the sink */
async function command(paths: readonly string[], sink: ImportSink) {
  const [out, display] = [new PassThrough(), new PassThrough()]
  let closed = false
  const close = (): Promise<void> => {
    closed = true
    return Promise.resolve()
  }
  const settings = readSettings({ COFFRE_DATA_DIR: dataDir })
  const code = await importPaths(paths, { restart: false, parallel: 2, settings, out, display }, () =>
    Promise.resolve({ sink, fingerprintKey: Buffer.alloc(32, 1), close }),
  ).catch((error: unknown) => error)
  return { code, printed: String(out.read() ?? ''), told: String(display.read() ?? ''), closed }
}

describe('coffre import', () => {
  it('exits with 0 when nothing was refused and says how many were imported', async () => {
    const { code, printed, closed } = await command(
      [await file('a.ndjson', ndjson(range(1234).map(patient)))],
      new Recorder(),
    )
    expect(code).toBe(0)
    expect(printed).toMatch(/^imported 1,234 resources in \d+\.\d s, [\d,]+\/s\n$/)
    expect(closed).toBe(true)
  })

  it('exits with 2 when some were refused and names the file and the report', async () => {
    const sink = new Recorder()
    sink.judge = ({ id }) => (id === 'p3' ? [issue('invariant', 'pat-1: …', 'Patient.contact')] : undefined)
    const path = await file('a.ndjson', ndjson(range(5).map(patient)))
    const { code, printed } = await command([path], sink)
    expect(code).toBe(2)
    const [name = ''] = await readdir(join(dataDir, 'import-reports'))
    expect(printed).toContain(`refused 1, see ${join(dataDir, 'import-reports', name)}\n  file 1: ${path}\n`)
    const report = (await readFile(join(dataDir, 'import-reports', name), 'utf8')).trimEnd().split('\n')
    expect(report.map((line): unknown => JSON.parse(line))).toEqual([
      {
        ...{ file: 1, line: 4, resourceType: 'Patient' },
        issues: [{ code: 'invariant', diagnostics: 'pat-1: …', expression: ['Patient.contact'] }],
      },
      { counts: { files: 1, accepted: 4, refused: 1 } },
    ])
  })

  it('fails when the sink fails, and closes it', async () => {
    const sink = new Recorder()
    sink.judge = () => {
      throw new Error('the disk is full')
    }
    const { code, closed } = await command([await file('a.ndjson', ndjson([patient(1)]))], sink)
    expect(code).toEqual(new Error('the disk is full'))
    expect(closed).toBe(true)
  })

  it('stops at Ctrl-C after what is under way, exits with 130, and goes on the next time', async () => {
    const path = await file('a.ndjson', ndjson(range(6000).map(patient)))
    const sink = new Recorder()
    sink.judge = ({ id }) => {
      if (id === 'p700') process.emit('SIGINT')
      return undefined
    }
    const { code, printed, told } = await command([path], sink)
    expect(code).toBe(130)
    expect(told).toContain('stopping after what is under way')
    expect(printed).toContain('the same command goes on from here')
    const rest = new Recorder()
    expect((await command([path], rest)).code).toBe(0)
    expect(sink.resources.length + rest.resources.length).toBe(6000)
    expect(process.listenerCount('SIGINT')).toBe(0)
  })

  it('explains itself, exit codes included, with --help', () => {
    let text = ''
    const help = importCommand(() => Promise.reject(new Error('not opened for help')))
    help.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
    for (const word of ['--restart', '--parallel', 'import-reports/', 'Exit codes', 'Ctrl-C'])
      expect(text).toContain(word)
  })
})
