import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BenchServer } from './bench-server.ts'
import { bareCopy, bareRead } from './limits.ts'
import { median, perSecond, row, type Figure } from './figure.ts'
import { generatePatients } from '../src/demo/generate.ts'
import { stringifyJson } from '../src/fhir/json.ts'
import { pseudonymFigure } from './pseudonyms.ts'
import { sealedFigures } from './sealed.ts'

/**
 * `npm run bench [patients]`: each figure beside its limit, the bare database or a bare HTTP server in
 * front of it doing the same work in the same run. Medians of five; the machine is shared, so read the
 * ratio. `--json` prints the rows for a comparison between commits.
 */
const patients = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 200)
/** more than these: a search among few finds by looking at all */
const searchedPatients = Math.max(10_000, patients)
const folder = mkdtempSync(join(tmpdir(), 'coffre-bench-'))
chmodSync(folder, 0o711)
const resources = [...generatePatients({ seed: 7, patients })].flat()
const texts = resources.map(stringifyJson)
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)

const server = await BenchServer.start(folder)
const figures: Figure[] = []
try {
  const copied = await bareCopy(server.databaseUrl, texts)
  const imported = await server.importAll(resources)
  figures.push({
    work: `import of ${texts.length} resources, validated, sealed, indexed`,
    unit: '1/s',
    ...perSecond(texts.length, imported, copied),
  })
  const stored = await server.storedBytes()
  figures.push({
    work: 'disk, indexes and vault, per byte of JSON',
    unit: 'B/B',
    figure: stored / bytes,
    limit: 1,
    ratio: stored / bytes,
  })
  const ids = resources
    .filter(({ resourceType }) => resourceType === 'Observation')
    .slice(0, 500)
    .map(({ id }) => String(id))
  const bare = await bareRead(server.databaseUrl, ids)
  const read = await server.readAll(ids)
  figures.push({
    work: 'read by id over HTTP, one client',
    unit: '1/s',
    ...perSecond(ids.length, median(read), median(bare)),
  })
  const searched = await server.searchLatest(resources)
  figures.push({
    work: 'Observation?patient=&code=&_sort=-date&_count=20',
    unit: '1/s',
    ...perSecond(searched.count, median(searched.seconds), (median(bare) * searched.count) / ids.length),
  })
  figures.push(...(await sealedFigures(server, searchedPatients)), await pseudonymFigure())
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
if (process.argv.includes('--json')) console.log(JSON.stringify(figures))
else for (const figure of figures) console.log(row(figure))
