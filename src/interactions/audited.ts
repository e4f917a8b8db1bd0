import type { AuditedAccess } from '../audit/trail.ts'
import type { Accessed } from './answer.ts'
import type { InteractionCode } from './route.ts'

/** What an interaction did, as the trail keeps it: by whom, at which base, when. */
export function audited(
  { type, ...accessed }: Accessed,
  by: Pick<AuditedAccess, 'access' | 'base' | 'at'>,
): AuditedAccess {
  return {
    ...accessed,
    ...(type === undefined ? {} : { type }),
    action: actionOf(accessed.interaction),
    ...by,
  }
}

function actionOf(interaction: Accessed['interaction']): AuditedAccess['action'] {
  return isOperationCode(interaction) ? 'E' : actions[interaction]
}

function isOperationCode(interaction: Accessed['interaction']): interaction is `$${string}` {
  return interaction.startsWith('$')
}

/** @see http://hl7.org/fhir/audit-event-action */
const actions: Readonly<Record<InteractionCode, AuditedAccess['action']>> = {
  create: 'C',
  read: 'R',
  vread: 'R',
  'history-instance': 'R',
  update: 'U',
  delete: 'D',
  patch: 'U',
  'search-type': 'E',
  'search-system': 'E',
  operation: 'E',
  'history-type': 'E',
  'history-system': 'E',
  batch: 'E',
  transaction: 'E',
  capabilities: 'R',
}
