import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppModule } from './app.module.ts'
import { readSettings, SettingsError } from './config.ts'
import { ServerLog } from './log.ts'
import { LinkageModule } from './linkage/linkage.module.ts'
import { applicationOptions, configureServer, createAdapter } from './rest/server.ts'
import { serveGovernanceOpenApi } from './governance/openapi.ts'

/** Starts the server; a wrong setting or file ends the start with one line that says which. */
async function main(): Promise<void> {
  const settings = readSettings()
  const logger = new ServerLog(settings.LOG_LEVEL)
  const options = { ...applicationOptions, logger }
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(), options)
  await configureServer(app)
  serveGovernanceOpenApi(app, [LinkageModule])
  app.enableShutdownHooks()
  await app.listen(settings.PORT, '0.0.0.0')
  console.log(`Coffre listens at ${settings.publicUrl}`)
}

try {
  await main()
} catch (error) {
  const reason = error instanceof SettingsError ? error.message : describe(error)
  console.error(`Coffre did not start: ${reason}`)
  process.exit(1)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
