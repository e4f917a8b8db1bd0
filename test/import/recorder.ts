import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ImportReport } from '../../src/import/report.ts'
import { runImport, type ImportOptions, type ImportOutcome } from '../../src/import/run.ts'
import type { ImportSink } from '../../src/import/sink.ts'
import { findSources } from '../../src/import/source.ts'
import { ImportState } from '../../src/import/state.ts'
import type { Progress } from '../../src/import/progress.ts'
import { stringifyJson, type Resource } from '../../src/fhir/json.ts'
import type { issue } from '../../src/fhir/outcome.ts'

export let folder = ''
export let dataDir = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffre-import-'))
  dataDir = join(folder, 'data')
})
afterEach(() => rm(folder, { recursive: true }))

/** A sink that keeps what it is given, in the order in which calls begin. */
export class Recorder implements ImportSink {
  readonly resources: string[] = []
  readonly batches: number[] = []
  readonly bundles: Resource[] = []
  readonly forgotten: string[] = []
  aloft = 0
  mostAloft = 0
  meet = 1
  /** asked for each resource and Bundle: throws to stop the import, or for a Bundle to refuse it */
  judge: (resource: Resource) => readonly ReturnType<typeof issue>[] | undefined = () => undefined

  async forget(source: string) {
    this.forgotten.push(source)
    return Promise.resolve()
  }

  async importBatch(items: readonly { resource: Resource; line: number }[]) {
    this.batches.push(items.length)
    this.resources.push(...items.map(({ resource }) => nameOf(resource)))
    return this.fly(() => items.map(({ resource, line }) => answer({ line }, this.judge(resource))))
  }

  async importBundle(bundle: Resource) {
    this.bundles.push(bundle)
    const entries = Array.isArray(bundle.entry) ? bundle.entry : []
    return this.fly(() => {
      const refused = this.judge(bundle)
      return entries.map((_, entry) => answer({ entry }, refused))
    })
  }

  private async fly<T>(land: () => T): Promise<T> {
    this.mostAloft = Math.max(this.mostAloft, ++this.aloft)
    // a call lands only when as many as `meet` were seen under way at once, or will not be
    for (let waited = 0; waited < 300 && this.mostAloft < this.meet; waited += 5) await pause(5)
    await pause(2)
    this.aloft--
    return land()
  }
}

function answer<Place extends object>(
  place: Place,
  refused: readonly ReturnType<typeof issue>[] | undefined,
) {
  return refused === undefined ? place : { ...place, refused }
}

export function nameOf({ resourceType, id }: Resource): string {
  return typeof id === 'string' ? `${resourceType}/${id}` : resourceType
}

/** Writes an input file. @returns its path */
export async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, 'input', name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return path
}

/** One run of the import over real files, with the report it wrote. */
export async function run(
  paths: readonly string[],
  sink: ImportSink,
  options: Partial<ImportOptions> & { restart?: boolean } = {},
): Promise<ImportOutcome & { report: unknown[]; progress: Progress[] }> {
  const progress: Progress[] = []
  const state = await ImportState.open(dataDir, options.restart ?? false)
  const report = await ImportReport.begin(dataDir, new Date())
  try {
    const sources = await findSources(paths)
    const outcome = await runImport(sources, sink, state, report, {
      parallel: 4,
      signal: new AbortController().signal,
      fingerprintKey: Buffer.alloc(32, 7),
      now: () => performance.now(),
      onProgress: (one) => progress.push(one),
      ...options,
    })
    await report.count({ files: sources.length, accepted: outcome.accepted, refused: outcome.refused })
    const lines = (await readFile(report.path, 'utf8')).split('\n').filter((line) => line !== '')
    return { ...outcome, report: lines.map((line): unknown => JSON.parse(line)), progress }
  } finally {
    await report.close()
  }
}

export const patient = (id: number): Resource => ({ resourceType: 'Patient', id: `p${id}` })
export const ndjson = (resources: readonly Resource[]): string =>
  resources.map((one) => `${stringifyJson(one)}\n`).join('')
export const range = (length: number): number[] => Array.from({ length }, (_, index) => index)
export const bundle = (type: string, entry: Resource[keyof Resource]): Resource => ({
  resourceType: 'Bundle',
  type,
  entry: entry ?? [],
})
