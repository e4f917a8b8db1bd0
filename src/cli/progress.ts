import cliProgress from 'cli-progress'
import type { Progress } from '../import/progress.ts'

/** A stream that may be a terminal. */
export type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean }

export interface ProgressDisplay {
  show(progress: Progress): void
  stop(): void
}

/** Between two plain lines, so that a log of a night's import stays short. */
const plainIntervalMilliseconds = 5000

/**
 * A bar on a terminal; elsewhere one plain line every few seconds.
 *
 * @param now milliseconds that never go back
 */
export function progressDisplay(out: Terminal, now: () => number): ProgressDisplay {
  return out.isTTY === true ? bar(out, now) : plainLines(out, now)
}

function bar(out: Terminal, now: () => number): ProgressDisplay {
  const began = now()
  const single = new cliProgress.SingleBar(
    {
      format:
        ' {bar} {percentage} % | {read} | {accepted} resources, {rate}/s | {refused} refused | {eta_formatted}',
      stream: out,
      hideCursor: true,
      etaBuffer: 50,
    },
    cliProgress.Presets.shades_classic,
  )
  let begun = false
  return {
    show(progress) {
      if (!begun) single.start(Math.max(progress.totalBytes, 1), 0, figures(progress, 0))
      begun = true
      single.update(progress.bytes, figures(progress, now() - began))
    },
    stop() {
      if (begun) single.stop()
    },
  }
}

function plainLines(out: Terminal, now: () => number): ProgressDisplay {
  const began = now()
  let next = began + plainIntervalMilliseconds
  return {
    show(progress) {
      if (now() < next) return
      next = now() + plainIntervalMilliseconds
      const { read, accepted, rate, refused } = figures(progress, now() - began)
      const percent = Math.floor((100 * progress.bytes) / Math.max(progress.totalBytes, 1))
      out.write(`${percent} % | ${read} | ${accepted} resources, ${rate}/s | ${refused} refused\n`)
    },
    stop: () => undefined,
  }
}

function figures({ bytes, totalBytes, accepted, refused }: Progress, milliseconds: number) {
  return {
    read: `${megabytes(bytes)} of ${megabytes(totalBytes)} MB`,
    accepted: grouped(accepted),
    refused: grouped(refused),
    rate: grouped(perSecond(accepted, milliseconds)),
  }
}

export function perSecond(count: number, milliseconds: number): number {
  return milliseconds <= 0 ? 0 : Math.round((count * 1000) / milliseconds)
}

/** `12,345` */
export function grouped(number: number): string {
  return number.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1)
}
