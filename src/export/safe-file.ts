import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'

/**
 * The format of everything that lies in a safe: bytes under a 32-byte key, in frames, so that a file
 * of any size is written and read in constant memory and no byte is given out before it is proved.
 *
 *     file   = "COFFRE" 0x00 version(1) salt(32) frame*  last-frame
 *     frame  = AES-256-GCM(64 KiB of content) tag(16); the last one holds the rest, 0 to 64 KiB
 *     key    = HKDF-SHA256(safe's key, salt, "coffre safe-file 1 " + context)
 *     nonce  = 0x000000 index(8) isLast(1), which is the associated data too
 *
 * This is the STREAM construction: the index refuses frames that were dropped, doubled or put in
 * another order, `isLast` a file that was cut at a frame's edge. The salt makes a key of its own for
 * each file, so that counting up is a safe choice of nonces; the context (which file of which job)
 * refuses a file that lies in the place of another one.
 *
 * @see Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
 *   Misuse-Resistance (2015), section 7
 */
const magic = Buffer.from('COFFRE\0\u0001', 'latin1')
const saltBytes = 32
const headerBytes = magic.length + saltBytes
const tagBytes = 16
/** content of a frame: large enough that 16 bytes of tag do not count, small enough to hold many */
export const frameBytes = 64 * 1024
const sealedFrameBytes = frameBytes + tagBytes

/** A file that was changed, cut, moved, or sealed under another key. Says nothing of its content. */
export class SafeFileError extends Error {}

/** Content in, a safe file out, as a stream. */
export class Seal extends Transform {
  private readonly sealer: Sealer

  /** @param context what the file is, in at most 500 characters; it must be given again to open it */
  constructor(safeKey: Buffer, context: string) {
    super()
    this.sealer = new Sealer(safeKey, context)
    this.push(this.sealer.header)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const frame of this.sealer.push(chunk)) this.push(frame)
    done()
  }

  override _flush(done: TransformCallback): void {
    done(null, this.sealer.end())
  }
}

/**
 * A safe file in, its content out, as a stream. Fails with `SafeFileError` at the first frame that is
 * not as it was written; what came before is genuine, but must not be taken for the whole.
 */
export class Unseal extends Transform {
  private readonly opener: Opener

  constructor(safeKey: Buffer, context: string) {
    super()
    this.opener = new Opener(safeKey, context)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      for (const content of this.opener.push(chunk)) this.push(content)
      done()
    } catch (error) {
      done(asError(error))
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      done(null, this.opener.end())
    } catch (error) {
      done(asError(error))
    }
  }
}

/** Seals a short value, the request of a job for example, in the format of a file. */
export function sealText(safeKey: Buffer, context: string, text: string): Buffer {
  const sealer = new Sealer(safeKey, context)
  return Buffer.concat([sealer.header, ...sealer.push(Buffer.from(text, 'utf8')), sealer.end()])
}

/** Opens what `sealText` made. @throws SafeFileError */
export function openText(safeKey: Buffer, context: string, sealed: Buffer): string {
  const opener = new Opener(safeKey, context)
  return Buffer.concat([...opener.push(sealed), opener.end()]).toString('utf8')
}

/** Cuts content into frames. A frame goes out once it is known that it is not the last one. */
class Sealer {
  readonly header: Buffer
  private readonly frames: Frames
  private rest: Buffer = Buffer.alloc(0)

  constructor(safeKey: Buffer, context: string) {
    const salt = randomBytes(saltBytes)
    this.header = Buffer.concat([magic, salt])
    this.frames = new Frames(safeKey, salt, context)
  }

  push(chunk: Buffer): Buffer[] {
    const content = joined(this.rest, chunk)
    const sealed: Buffer[] = []
    let at = 0
    for (; content.length - at > frameBytes; at += frameBytes) {
      sealed.push(this.frames.seal(content.subarray(at, at + frameBytes), false))
    }
    this.rest = content.subarray(at)
    return sealed
  }

  end(): Buffer {
    return this.frames.seal(this.rest, true)
  }
}

/** The way back: what follows no more is the last frame, and must say so. */
class Opener {
  private readonly safeKey: Buffer
  private readonly context: string
  private frames: Frames | undefined
  private rest: Buffer = Buffer.alloc(0)

  constructor(safeKey: Buffer, context: string) {
    this.safeKey = safeKey
    this.context = context
  }

  push(chunk: Buffer): Buffer[] {
    const sealed = joined(this.rest, chunk)
    this.rest = sealed
    if (this.frames === undefined && sealed.length < headerBytes) return []
    let at = 0
    if (this.frames === undefined) {
      this.frames = this.readHeader(sealed)
      at = headerBytes
    }
    const contents: Buffer[] = []
    for (; sealed.length - at > sealedFrameBytes; at += sealedFrameBytes) {
      contents.push(this.frames.open(sealed.subarray(at, at + sealedFrameBytes), false))
    }
    this.rest = sealed.subarray(at)
    return contents
  }

  end(): Buffer {
    if (!this.frames) throw new SafeFileError('a safe file that ends in its header')
    return this.frames.open(this.rest, true)
  }

  private readHeader(sealed: Buffer): Frames {
    if (!sealed.subarray(0, magic.length).equals(magic)) {
      throw new SafeFileError('not a safe file of a version that can be read')
    }
    return new Frames(this.safeKey, sealed.subarray(magic.length, headerBytes), this.context)
  }
}

/** Seals or opens the frames of one file, in order. */
class Frames {
  private readonly key: Buffer
  private index = 0n

  constructor(safeKey: Buffer, salt: Buffer, context: string) {
    if (safeKey.length !== 32) throw new TypeError('a key of 32 bytes expected')
    this.key = Buffer.from(hkdfSync('sha256', safeKey, salt, `coffre safe-file 1 ${context}`, 32))
  }

  seal(content: Buffer, isLast: boolean): Buffer {
    const position = this.next(isLast)
    const cipher = createCipheriv('aes-256-gcm', this.key, position, { authTagLength: tagBytes })
    cipher.setAAD(position)
    return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  }

  open(frame: Buffer, isLast: boolean): Buffer {
    if (frame.length < tagBytes) throw new SafeFileError('a safe file that was cut')
    const position = this.next(isLast)
    const decipher = createDecipheriv('aes-256-gcm', this.key, position, { authTagLength: tagBytes })
    decipher.setAAD(position)
    decipher.setAuthTag(frame.subarray(-tagBytes))
    try {
      return Buffer.concat([decipher.update(frame.subarray(0, -tagBytes)), decipher.final()])
    } catch {
      throw new SafeFileError('a safe file that is not as it was written, or another key')
    }
  }

  private next(isLast: boolean): Buffer {
    const position = Buffer.alloc(12)
    position.writeBigUInt64BE(this.index++, 3)
    position[11] = isLast ? 1 : 0
    return position
  }
}

function joined(rest: Buffer, chunk: Buffer): Buffer {
  return rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new SafeFileError('a safe file that cannot be read')
}
