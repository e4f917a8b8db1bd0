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

/** Content in, a safe file out. A frame goes out once it is known that it is not the last one. */
export class Seal extends Transform {
  private readonly frames: Frames
  private rest: Buffer = Buffer.alloc(0)

  /** @param context what the file is, in at most 500 characters; it must be given again to open it */
  constructor(safeKey: Buffer, context: string) {
    super()
    const salt = randomBytes(saltBytes)
    this.frames = new Frames(safeKey, salt, context)
    this.push(Buffer.concat([magic, salt]))
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const content = joined(this.rest, chunk)
    let at = 0
    for (; content.length - at > frameBytes; at += frameBytes) {
      this.push(this.frames.seal(content.subarray(at, at + frameBytes), false))
    }
    this.rest = content.subarray(at)
    done()
  }

  override _flush(done: TransformCallback): void {
    done(null, this.frames.seal(this.rest, true))
  }
}

/**
 * A safe file in, its content out. Fails with `SafeFileError` at the first frame that is not as it was
 * written; what came before is genuine, but must not be taken for the whole.
 */
export class Unseal extends Transform {
  private readonly safeKey: Buffer
  private readonly context: string
  private frames: Frames | undefined
  private rest: Buffer = Buffer.alloc(0)

  constructor(safeKey: Buffer, context: string) {
    super()
    this.safeKey = safeKey
    this.context = context
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.rest = joined(this.rest, chunk)
    try {
      if (!this.frames && this.rest.length >= headerBytes) this.readHeader()
      if (this.frames) this.openFrames(this.frames)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      if (!this.frames) throw new SafeFileError('a safe file that ends in its header')
      done(null, this.frames.open(this.rest, true))
    } catch (error) {
      done(error as Error)
    }
  }

  private readHeader(): void {
    if (!this.rest.subarray(0, magic.length).equals(magic)) {
      throw new SafeFileError('not a safe file of a version that can be read')
    }
    const salt = this.rest.subarray(magic.length, headerBytes)
    this.frames = new Frames(this.safeKey, salt, this.context)
    this.rest = this.rest.subarray(headerBytes)
  }

  /** All but what may be the last frame: what follows no more must say so. */
  private openFrames(frames: Frames): void {
    let at = 0
    for (; this.rest.length - at > sealedFrameBytes; at += sealedFrameBytes) {
      this.push(frames.open(this.rest.subarray(at, at + sealedFrameBytes), false))
    }
    this.rest = this.rest.subarray(at)
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
