import { randomInt } from 'node:crypto'

/**
 * A number for a sealed row of a patient: milliseconds, 12 bits that count, 10 that are this process's.
 * 63 bits, rising with time.
 */
export function nextSeal(now: number): bigint {
  sealCount = (sealCount + 1) & 0xfff
  return (BigInt(now) << 22n) | BigInt((sealCount << 10) | sealProcess)
}
const sealProcess = randomInt(1024)
let sealCount = 0
