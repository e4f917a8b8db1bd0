#!/usr/bin/env node
import { Command } from 'commander'
import { doctorCommand } from './cli/doctor.ts'
import { failure } from './cli/failure.ts'

/** The operator's command line, `npx coffre …`. */
const program = new Command('coffre')
  .description('operate Coffre, the FHIR R4 server of a clinical data warehouse')
  .showHelpAfterError()
  .addCommand(doctorCommand())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`coffre: ${failure(error)}\n`)
  process.exitCode = 1
}
