import { randomInt } from 'node:crypto'

/**
 * A number for a sealed row of a patient: milliseconds, 12 bits that count, 10 that are this process's.
 * 63 bits, rising with time, and never the same twice from one process: where more rows are sealed in a
 * millisecond than the bits can count, the next ones are begun. Processes that have the same 10 bits by
 * chance do not count from the same start.
 */
export function nextSeal(now: number): bigint {
  if (now > lastTime) {
    lastTime = now
    count = start
  } else if (count === maxCount) {
    lastTime += 1
    count = 0
  } else {
    count += 1
  }
  return (BigInt(lastTime) << 22n) | BigInt((count << 10) | sealProcess)
}

const maxCount = 0xfff
const sealProcess = randomInt(1024)
/** leaves half of the numbers of a millisecond above it */
const start = randomInt(0x800)
let lastTime = 0
let count = 0
