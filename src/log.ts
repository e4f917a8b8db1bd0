import type { LoggerService } from '@nestjs/common'
import { pino, type DestinationStream, type Level, type Logger } from 'pino'

/** The server's log: JSON lines on standard output. What goes in holds no value of a resource or query. */
export class ServerLog implements LoggerService {
  private readonly pino: Logger

  constructor(level: string, destination: DestinationStream = pino.destination(1)) {
    this.pino = pino({ level, base: {} }, destination)
  }

  log(message: unknown, context?: string): void {
    this.write(chatty.has(context ?? '') ? 'debug' : 'info', message, context)
  }

  error(message: unknown, ...more: readonly unknown[]): void {
    this.write('error', message, more.at(-1))
  }

  warn(message: unknown, context?: string): void {
    this.write('warn', message, context)
  }

  debug(message: unknown, context?: string): void {
    this.write('debug', message, context)
  }

  verbose(message: unknown, context?: string): void {
    this.write('trace', message, context)
  }

  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context)
  }

  private write(level: Level, message: unknown, context: unknown): void {
    this.pino[level]({ context }, String(message))
  }
}

/** A way to log where something broke, without its message: a database quotes values in them. */
export function reporter(logger: Pick<LoggerService, 'error'>): (error: unknown) => void {
  return (error) => {
    const isError = error instanceof Error
    const frames = isError ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
    logger.error([isError ? error.name : typeof error, ...frames].join('\n'))
  }
}

/** Parts of the framework that say a hundred lines at each start. */
const chatty: ReadonlySet<string> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer'])
