import type { Logger } from '@nestjs/common'

/** Logs where something broke, without its message: a database quotes values in them. */
export function reporter(logger: Logger): (error: unknown) => void {
  return (error) => {
    const isError = error instanceof Error
    const frames = isError ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
    logger.error([isError ? error.name : typeof error, ...frames].join('\n'))
  }
}
