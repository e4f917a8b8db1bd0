import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ImportState, StateError } from '../../src/import/state.ts'
import { dataDir, file, nameOf, ndjson, patient, range, Recorder, run } from './recorder.ts'

describe('going on', () => {
  const everything = range(6000).map(patient)

  it.each(['a.ndjson', 'a.ndjson.gz'])(
    'imports each resource of %s once when it is stopped and run again',
    async (name) => {
      const text = ndjson(everything)
      const path = await file(name, name.endsWith('gz') ? gzipSync(text) : text)
      const controller = new AbortController()
      const first = new Recorder()
      first.judge = ({ id }) => {
        if (id === 'p1500') controller.abort()
        return undefined
      }
      const stopped = await run([path], first, { signal: controller.signal })
      expect(stopped.stopped).toBe(true)
      expect(first.resources.length).toBeLessThan(everything.length)
      const second = new Recorder()
      const rest = await run([path], second)
      expect(rest.stopped).toBe(false)
      expect([...first.resources, ...second.resources]).toEqual(everything.map(nameOf))
    },
  )

  it('misses nothing after a failure of the sink, whichever batch it struck', async () => {
    const path = await file('a.ndjson', ndjson(everything))
    for (const struck of [0, 999, 2500, 5999]) {
      const broken = new Recorder()
      const written = new Set<string>()
      broken.judge = (resource) => {
        if (resource.id === `p${struck}`) throw new Error('the disk is full')
        written.add(nameOf(resource))
        return undefined
      }
      await expect(run([path], broken, { restart: true })).rejects.toThrow('the disk is full')
      const mended = new Recorder()
      await run([path], mended)
      for (const name of mended.resources) written.add(name)
      expect(written.size).toBe(everything.length)
      expect(mended.resources.at(-1)).toBe('Patient/p5999')
    }
  })

  it('passes over a file that is done, takes a changed one anew, and all with --restart', async () => {
    const path = await file('a.ndjson', ndjson([patient(1)]))
    await run([path], new Recorder())
    const again = new Recorder()
    expect(await run([path], again)).toMatchObject({ accepted: 0, skippedFiles: 1 })
    expect(again.resources).toEqual([])
    const anew = new Recorder()
    await run([path], anew, { restart: true })
    expect(anew.resources).toEqual(['Patient/p1'])
    await file('a.ndjson', ndjson([patient(1), patient(2)]))
    const changed = new Recorder()
    await run([path], changed)
    expect(changed.resources).toEqual(['Patient/p1', 'Patient/p2'])
  })

  it('refuses a state file that is broken instead of guessing', async () => {
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'import-state.json'), '{"version":1,"files":{"a":{"line":"x"}}}')
    await expect(ImportState.open(dataDir, false)).rejects.toThrow(StateError)
    await expect(ImportState.open(dataDir, true)).resolves.toBeInstanceOf(ImportState)
  })

  it('shows progress by bytes up to the whole', async () => {
    const paths = [
      await file('a.ndjson.gz', gzipSync(ndjson(everything))),
      await file('b.ndjson', ndjson(everything)),
    ]
    const { progress } = await run(paths, new Recorder())
    const last = progress.at(-1)
    expect(last?.bytes).toBe(last?.totalBytes)
    expect(last).toMatchObject({ accepted: 12_000, refused: 0 })
    expect(progress.every((one, index) => one.bytes >= (progress[index - 1]?.bytes ?? 0))).toBe(true)
  })
})
