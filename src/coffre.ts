#!/usr/bin/env node
import { Command } from 'commander'
import { auditCommand } from './cli/audit.ts'
import { doctorCommand } from './cli/doctor.ts'
import { openEngine } from './cli/engine.ts'
import { failure } from './cli/failure.ts'
import { importCommand } from './cli/import.ts'
import { keysCommand } from './cli/keys.ts'

/** The operator's command line, `npx coffre …`. */
const program = new Command('coffre')
  .description('operate Coffre, the FHIR R4 server of a clinical data warehouse')
  .showHelpAfterError()
  .addCommand(importCommand(openEngine))
  .addCommand(doctorCommand())
  .addCommand(auditCommand())
  .addCommand(keysCommand())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`coffre: ${failure(error)}\n`)
  process.exitCode = 1
}

// left to end by itself, the process would do so with 0: the embedded database's exit hook sees to that
process.exit(process.exitCode)
