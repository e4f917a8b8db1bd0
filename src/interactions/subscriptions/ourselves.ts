import type { CareAccess } from '../../access/access.ts'
import { parseScopes } from '../../access/scope.ts'

/** The server, where it writes the status of a Subscription itself. Known by identity: nobody's token gives it. */
export const ourselves: CareAccess = {
  kind: 'care',
  caller: { clientId: 'coffre', userId: undefined, tokenId: 'subscriptions', ip: undefined },
  scopes: parseScopes('system/*.rs system/Subscription.cruds', 'UTC'),
  patient: undefined,
  grants: new Set(),
}
