import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { frameBytes, SafeFileError, Seal, Unseal } from '../../src/export/safe-file.ts'

const key = Buffer.alloc(32, 7)
const context = 'file of a test'
const headerBytes = 8 + 32
const sealedFrameBytes = frameBytes + 16

async function sealed(content: Buffer, chunkBytes = 16_384): Promise<Buffer> {
  return buffer(Readable.from(chunks(content, chunkBytes)).pipe(new Seal(key, context)))
}

async function opened(
  file: Buffer,
  withKey = key,
  withContext = context,
  chunkBytes = 65_536,
): Promise<Buffer> {
  const unseal = new Unseal(withKey, withContext)
  Readable.from(chunks(file, chunkBytes)).pipe(unseal)
  return buffer(unseal)
}

function chunks(content: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < content.length; at += size) parts.push(content.subarray(at, at + size))
  return parts
}

/** Lengths around the edges of frames, where a framing goes wrong. */
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(-1, 0, 1).map((by) => frameBytes + by),
  fc.constantFrom(-1, 0, 1).map((by) => 3 * frameBytes + by),
)

describe('a safe file', () => {
  it('gives back any content, whatever the chunks it is written and read in', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.integer({ min: 500, max: 200_000 }),
        fc.integer({ min: 500, max: 200_000 }),
        async (length, writing, reading) => {
          const content = randomBytes(length)
          const file = await sealed(content, writing)
          expect(await opened(file, key, context, reading)).toEqual(content)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is read when it arrives byte by byte', async () => {
    const content = randomBytes(300)
    expect(await opened(await sealed(content), key, context, 1)).toEqual(content)
  })

  it('holds nothing of its content in clear', async () => {
    const file = await sealed(Buffer.from('canary '.repeat(20_000)))
    expect(file.includes('canary')).toBe(false)
  })

  it('is refused when any one of its bits was flipped', async () => {
    const file = await sealed(randomBytes(frameBytes + 100))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.integer({ min: 0, max: headerBytes - 1 }),
          fc.integer({ min: 0, max: file.length - 1 }),
          fc.integer({ min: 1, max: 16 }).map((back) => file.length - back),
        ),
        fc.integer({ min: 0, max: 7 }),
        async (at, bit) => {
          const changed = Buffer.from(file)
          changed[at] = (changed[at] ?? 0) ^ (1 << bit)
          await expect(opened(changed)).rejects.toThrow(SafeFileError)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('is refused when a byte was dropped', async () => {
    const file = await sealed(randomBytes(frameBytes + 100))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (at) => {
        const shorter = Buffer.concat([file.subarray(0, at), file.subarray(at + 1)])
        await expect(opened(shorter)).rejects.toThrow(SafeFileError)
      }),
      { numRuns: 100 },
    )
  })

  it('is refused when it was cut, at any place and at the edge of a frame', async () => {
    const file = await sealed(randomBytes(3 * frameBytes))
    const edges = [0, headerBytes, headerBytes + sealedFrameBytes, headerBytes + 2 * sealedFrameBytes]
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: file.length - 1 })),
        async (length) => {
          await expect(opened(file.subarray(0, length))).rejects.toThrow(SafeFileError)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is refused when its frames were dropped, doubled or put in another order', async () => {
    const file = await sealed(randomBytes(3 * frameBytes + 10))
    const header = file.subarray(0, headerBytes)
    const frames = chunks(file.subarray(headerBytes), sealedFrameBytes)
    const orders = fc
      .array(fc.integer({ min: 0, max: frames.length - 1 }), { maxLength: 6 })
      .filter((order) => order.join() !== '0,1,2,3')
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const shuffled = Buffer.concat([header, ...order.map((index) => frames[index] ?? Buffer.alloc(0))])
        await expect(opened(shuffled)).rejects.toThrow(SafeFileError)
      }),
      { numRuns: 100 },
    )
  })

  it('is refused when bytes follow its last frame', async () => {
    const file = await sealed(randomBytes(100))
    await expect(opened(Buffer.concat([file, randomBytes(1)]))).rejects.toThrow(SafeFileError)
  })

  it('is refused under another key', async () => {
    const file = await sealed(randomBytes(100))
    await expect(opened(file, Buffer.alloc(32, 8))).rejects.toThrow(SafeFileError)
  })

  it('is refused in the place of another file of the same safe', async () => {
    const file = await sealed(randomBytes(100))
    await expect(opened(file, key, 'another file')).rejects.toThrow(SafeFileError)
  })

  it('takes frames of one file for no other, though content and key are the same', async () => {
    const content = randomBytes(2 * frameBytes)
    const [one, other] = [await sealed(content), await sealed(content)]
    const mixed = Buffer.concat([
      one.subarray(0, headerBytes + sealedFrameBytes),
      other.subarray(headerBytes + sealedFrameBytes),
    ])
    await expect(opened(mixed)).rejects.toThrow(SafeFileError)
  })
})
