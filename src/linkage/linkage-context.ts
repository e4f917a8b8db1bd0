import type { Access, CareAccess } from '../access/access.ts'
import { parseScopes } from '../access/scope.ts'
import type { Trail } from '../audit/trail.ts'
import type { Settings } from '../config.ts'
import type { Gate } from '../governance/gate.ts'
import type { Keyring } from '../identity/keyring.ts'
import { audited } from '../interactions/audited.ts'
import type { Context } from '../interactions/context.ts'
import { pageSeal } from '../interactions/page.ts'
import { validationOf } from '../interactions/validation.ts'
import type { Store } from '../store/store.ts'

/** The server, where it looks for those who are one person and links them itself. */
const server: CareAccess = {
  kind: 'care',
  caller: { clientId: 'coffre', userId: undefined, tokenId: 'linkage', ip: undefined },
  scopes: parseScopes('system/Patient.rus', 'UTC'),
  patient: undefined,
  grants: new Set(),
}

/** The server, where it goes on with a merge that somebody has begun who may update everything. */
const mover: CareAccess = { ...server, scopes: parseScopes('system/*.rus', 'UTC') }

/** What a steward's decision about two Patients may write: all that refers to them. */
function steward(userId: string): CareAccess {
  return {
    ...server,
    caller: { clientId: 'governance', userId, tokenId: 'linkage', ip: undefined },
    scopes: parseScopes('system/*.cruds', 'UTC'),
    grants: new Set(['merge']),
  }
}

/** The contexts in which record linkage works: the server's own, and those of stewards. */
export class LinkageContexts {
  /** in which the server finds and links */
  readonly own: Context
  /** in which it goes on with a merge */
  readonly moving: Context
  private readonly trail: Pick<Trail, 'record'>

  constructor(store: Store, gate: Gate, keyring: Keyring, trail: Pick<Trail, 'record'>, settings: Settings) {
    this.trail = trail
    this.own = {
      ...{ store, gate, access: server, base: `${settings.publicUrl}/fhir` },
      ...{ zone: settings.zone, notifiable: settings.notifiable, pages: pageSeal(keyring) },
      demandValid: validationOf(settings),
      record: this.recorded(server),
      now: () => new Date(),
    }
    this.moving = { ...this.own, access: mover, record: this.recorded(mover) }
  }

  /** @param userId of the person who decides */
  of(userId: string): Context {
    const access = steward(userId)
    return { ...this.own, access, record: this.recorded(access) }
  }

  private recorded(access: Access): Context['record'] {
    return async (accesses) => {
      const by = { access, base: '/fhir', at: new Date() }
      await Promise.all(accesses.map((accessed) => this.trail.record(audited(accessed, by))))
    }
  }
}
