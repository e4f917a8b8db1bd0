import type { AuditedAccess } from '../../audit/trail.ts'

/** The client in whose name people act themselves: on pages, and with the session that `/auth/login` opens. */
export const consoleClientId = 'coffre-console'

/** What somebody does with their own account. */
export interface AccountEvent {
  readonly action: 'E' | 'U'
  readonly interaction: 'login' | 'logout' | 'second-factor-add' | 'second-factor-remove'
  readonly outcome: 'success' | 'refused'
  /** undefined: it is not known who it is */
  readonly userId: string | undefined
  /** '' where there is no session */
  readonly sessionId: string
  readonly ip: string | undefined
}

/** The same for the trail. */
export function accountEvent({ userId, sessionId, ip, ...done }: AccountEvent): AuditedAccess {
  return {
    ...done,
    ...{ base: '/auth', entities: [], patients: [] },
    access: { caller: { clientId: consoleClientId, userId, tokenId: sessionId, ip } },
    at: new Date(),
  }
}
