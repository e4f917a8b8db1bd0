import { Injectable } from '@nestjs/common'
import type { CareAccess } from '../access/access.ts'
import { ContextRecords, type ContextRecordSource } from '../auth/oauth/context-records.ts'
import { parseJson } from '../fhir/json.ts'
import { Gate } from '../governance/gate.ts'
import { reached } from '../interactions/judge.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import { current } from '../store/resources.ts'
import { Store } from '../store/store.ts'
import { Settings } from '../config.ts'
import { parseReference } from '../fhir/reference.ts'
import { baseOf } from '../auth/fhir-base.ts'

/** The records that App Launch asks of: who a patient in context is, and for whom people stand. */
@Injectable()
export class LaunchRecords implements ContextRecordSource {
  private readonly base: string

  constructor(
    private readonly store: Store,
    private readonly gate: Gate,
    settings: Settings,
    records: ContextRecords,
  ) {
    this.base = baseOf(settings.publicUrl, undefined).url
    records.provideFrom(this)
  }

  keyOf(access: CareAccess, type: string, id: string): Promise<string | undefined> {
    return this.store.read('care', async (tx) => {
      const key = await this.gate.locate(tx, access, type, id)
      if (key === undefined) return undefined
      const rows = await reached(tx, { access, gate: this.gate }, 'r', [{ type, id: key }])
      return rows[0] && key
    })
  }

  patientKey(id: string): Promise<string | undefined> {
    return this.store.read('care', (tx) => this.gate.locate(tx, ourselves, 'Patient', id))
  }

  async patientsOf(fhirUser: string): Promise<readonly string[] | undefined> {
    const [type = '', id = ''] = fhirUser.split('/')
    if (type === 'Patient') return [id]
    if (type !== 'RelatedPerson' && type !== 'Person') return undefined
    const record = (await this.record(type, id)) as Partner | undefined
    const links =
      type === 'RelatedPerson' ? [record?.patient] : (record?.link ?? []).map(({ target }) => target)
    return links.flatMap((link) => this.patientIn(link) ?? [])
  }

  async patientOfEncounter(encounterId: string): Promise<string | undefined> {
    const encounter = (await this.record('Encounter', encounterId)) as Partner | undefined
    return this.patientIn(encounter?.subject)
  }

  /** The current version, whoever asks: what is made of it is told to nobody. */
  private record(type: string, id: string): Promise<unknown> {
    return this.store.read('care', async (tx) => {
      const row = await current(tx, type, id)
      const [released] = row ? await this.gate.release(tx, ourselves, [row]) : []
      return released && parseJson(released.text)
    })
  }

  private patientIn(link: Link | undefined): string | undefined {
    if (link?.reference === undefined) return undefined
    const found = parseReference(link.reference, this.base)
    const isOurs = found.kind === 'relative' || (found.kind === 'absolute' && found.local)
    return isOurs && found.type === 'Patient' ? found.id : undefined
  }
}

interface Link {
  readonly reference?: string
}

/** What is read of a RelatedPerson, a Person or an Encounter. */
interface Partner {
  readonly patient?: Link
  readonly subject?: Link
  readonly link?: readonly { readonly target?: Link }[]
}
