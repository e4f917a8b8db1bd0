import type { INestApplicationContext } from '@nestjs/common'
import type { CareAccess } from '../access/access.ts'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { Keyring } from '../identity/keyring.ts'
import type { Accessed } from '../interactions/answer.ts'
import type { Context } from '../interactions/context.ts'
import { pageSeal } from '../interactions/page.ts'
import { validationOf } from '../interactions/validation.ts'
import { Store } from '../store/store.ts'
import { engineSink } from './engine-sink.ts'
import type { ImportSink } from './sink.ts'

/** Who has the keyring and the database may write all of it; what he does is on record like anybody's. */
const operator: CareAccess = {
  kind: 'care',
  caller: { clientId: 'coffre-cli', userId: undefined, tokenId: 'cli', ip: undefined },
  scopes: [{ context: 'system', type: '*', permissions: new Set(['c', 'r', 'u', 'd', 's']), filters: [] }],
  patient: undefined,
  grants: new Set(['reindex']),
}

/** The sink of the operator, in an application that holds the engine. */
export function operatorSink(app: INestApplicationContext): ImportSink {
  const settings = app.get(Settings, { strict: false })
  const trail = app.get(Trail, { strict: false })
  const context: Context = {
    store: app.get(Store, { strict: false }),
    gate: app.get(Gate, { strict: false }),
    access: operator,
    base: `${settings.publicUrl}/fhir`,
    zone: settings.zone,
    notifiable: [],
    pages: pageSeal(app.get(Keyring, { strict: false })),
    demandValid: validationOf(settings),
    record: async (accesses) => {
      await Promise.all(accesses.map((accessed) => trail.record(eventOf(accessed))))
    },
    now: () => new Date(),
  }
  return engineSink(context, trail)
}

function eventOf({ type, ...accessed }: Accessed): AuditedAccess {
  return {
    ...accessed,
    ...(type === undefined ? {} : { type }),
    ...{ action: 'E', access: operator, base: '/fhir', at: new Date() },
  }
}
