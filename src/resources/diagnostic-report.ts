import type { Room } from './room.ts'

/** DiagnosticReport: conclusion and presented form are free text and lie in the vault. */
export const diagnosticReport: Room = { type: 'DiagnosticReport', mainDate: 'date' }
