import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { NdjsonWriter, readNdjson } from '../../src/export/ndjson-file.ts'
import { SafeFileError } from '../../src/export/safe-file.ts'

let folder: string
const safeKey = randomBytes(32)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffre-ndjson-'))
})

afterAll(() => rm(folder, { recursive: true }))

const place = () => ({ folder, file: randomUUID(), safeKey })
const lines = (count: number) =>
  Array.from({ length: count }, (_, n) => `{"resourceType":"Basic","id":"${n}"}`)

async function written(at: ReturnType<typeof place>, resources: readonly string[]) {
  const writer = await NdjsonWriter.create(at)
  for (let n = 0; n < resources.length; n += 100) await writer.write(resources.slice(n, n + 100))
  return writer.finish()
}

describe('an NDJSON file of a safe', () => {
  it('comes back line by line, with its count, size and hash on record', async () => {
    const at = place()
    const resources = lines(10_000)
    const ndjson = `${resources.join('\n')}\n`
    expect(await written(at, resources)).toEqual({
      file: at.file,
      count: 10_000,
      bytes: ndjson.length,
      sha256: createHash('sha256').update(ndjson).digest('hex'),
    })
    const stream = await readNdjson(at, 'identity')
    expect(stream && (await text(stream))).toBe(ndjson)
  })

  it('is given out as gzip without being packed again', async () => {
    const at = place()
    await written(at, lines(1000))
    const stream = await readNdjson(at, 'gzip')
    const packed = stream ? await buffer(stream) : Buffer.alloc(0)
    expect(gunzipSync(packed).toString()).toBe(`${lines(1000).join('\n')}\n`)
  })

  it('has its name only once it is whole', async () => {
    const at = place()
    const writer = await NdjsonWriter.create(at)
    await writer.write(lines(100))
    expect(await readNdjson(at, 'identity')).toBeUndefined()
    expect(await readdir(folder)).toContain(`${at.file}.part`)
    await writer.finish()
    expect(await readdir(folder)).not.toContain(`${at.file}.part`)
    expect(await readdir(folder)).toContain(at.file)
  })

  it('leaves nothing when it is abandoned', async () => {
    const at = place()
    const writer = await NdjsonWriter.create(at)
    await writer.write(lines(100_000))
    await writer.abandon()
    expect((await readdir(folder)).filter((name) => name.startsWith(at.file))).toEqual([])
  })

  it('never overwrites a file that another worker is writing', async () => {
    const at = place()
    const first = await NdjsonWriter.create(at)
    await first.write(lines(10))
    const second = await NdjsonWriter.create(at)
    await second.write(lines(10))
    await expect(second.finish()).rejects.toThrow(/EEXIST/)
    await first.finish()
  })

  it.each(['identity', 'gzip'] as const)(
    'fails while it is read as %s when it was cut on the disk',
    async (coding) => {
      const at = place()
      await written(
        at,
        Array.from({ length: 5000 }, () => randomBytes(60).toString('hex')),
      )
      const file = join(folder, at.file)
      await writeFile(file, (await readFile(file)).subarray(0, -1000))
      const stream = await readNdjson(at, coding)
      await expect(stream && buffer(stream)).rejects.toThrow(SafeFileError)
    },
  )
})
