import { NestFactory } from '@nestjs/core'
import { EngineModule } from '../engine.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { operatorSink } from '../import/operator-sink.ts'
import type { OpenSink } from './import.ts'

/** The engine behind the command line: the server's own parts without HTTP, on the same database and keys. */
export async function openEngine(): Promise<OpenSink> {
  const app = await NestFactory.createApplicationContext(EngineModule, { logger: false, abortOnError: false })
  const fingerprintKey = app.get(Keyring, { strict: false }).derive('import')
  return { sink: operatorSink(app), fingerprintKey, close: () => app.close() }
}
