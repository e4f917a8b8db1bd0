import { Injectable } from '@nestjs/common'
import { selectEventsAbout } from '../audit/rows.ts'
import {
  comesAfter,
  merged,
  recordedAccess,
  type RecordedAccess,
  type RecordedPlace,
} from '../audit/recorded-access.ts'
import { Clients } from '../auth/clients/clients.ts'
import { People } from '../auth/people/people.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Store } from '../store/store.ts'
import type { AccessKind } from './access-report-words.ts'
import { Gate } from './gate.ts'
import { membershipsOf, selectResearchAccesses, type Membership } from './membership.ts'
import { keyOfNamed, type NamedPatient } from './named-patient.ts'
import type { Person } from './records.ts'

/** What is asked of a report. */
export interface ReportQuestion {
  readonly patient: NamedPatient
  /** both ends belong to it */
  readonly from: Date
  readonly to: Date
  readonly limit: number
  /** the `next` of the page before */
  readonly before: string | undefined
}

/** One access to a patient's data. */
export interface ReportedAccess {
  readonly at: Date
  readonly kind: AccessKind
  readonly who: string
  /** name of the software, where a person used one */
  readonly application: string | undefined
  /** how many of which types, where the access was to this patient's data alone; else the types */
  readonly elements: readonly string[]
  readonly project: Membership | undefined
  readonly ground: string | undefined
}

/** How often somebody had access, all pages counted. */
export interface ReportedActor {
  readonly who: string
  readonly accesses: number
  readonly first: Date
  readonly last: Date
}

export interface AccessReport {
  /** key */
  readonly patient: string
  readonly accesses: readonly ReportedAccess[]
  readonly actors: readonly ReportedActor[]
  readonly next: string | undefined
}

/**
 * Who saw a patient's data, when and why (GDPR art. 15; CNIL référentiel 9.2): read from the trail, for
 * the person it is about. Accesses that were refused showed nothing and are left out.
 */
@Injectable()
export class AccessReports {
  private readonly store: Store
  private readonly gate: Gate
  private readonly people: People
  private readonly clients: Clients

  constructor(store: Store, gate: Gate, people: People, clients: Clients) {
    this.store = store
    this.gate = gate
    this.people = people
    this.clients = clients
  }

  /** @throws FhirError as `keyOfNamed`; 400 for a `before` that no page gave */
  async report(person: Person, question: ReportQuestion): Promise<AccessReport> {
    const before = question.before === undefined ? undefined : parsePlace(question.before)
    const { patient, memberships } = await this.store.transaction('care', async (tx) => {
      const key = await keyOfNamed(tx, this.gate, person, question.patient)
      return { patient: key, memberships: await membershipsOf(tx, key) }
    })
    const page: RecordedAccess[] = []
    const counts = new Map<string, Count>()
    await this.eachAccess(patient, memberships, question, (access) => {
      count(counts, access)
      if (page.length <= question.limit && (!before || comesAfter(access, before))) page.push(access)
    })
    const shown = page.slice(0, question.limit)
    const last = page.length > question.limit ? shown.at(-1) : undefined
    const names = await this.names([...counts.values()])
    return {
      patient,
      accesses: shown.map((access) => reported(access, memberships, names)),
      actors: actorsOf([...counts.values()], names),
      next: last && printPlace(last),
    }
  }

  /** Newest first, one by one: memory does not grow with their number. */
  private async eachAccess(
    patient: string,
    memberships: readonly Membership[],
    period: ReportQuestion,
    take: (access: RecordedAccess) => void,
  ): Promise<void> {
    const subjects = subjectsOf(patient, memberships)
    await this.store.snapshot('audit', (audit) =>
      this.store.snapshot('care', async (care) => {
        const known = selectEventsAbout(audit, subjects, period)
        for await (const event of merged(known, selectResearchAccesses(care, patient, period))) {
          const access = recordedAccess(event)
          if (access && concerns(access, memberships)) take(access)
        }
      }),
    )
  }

  private async names(counts: readonly Count[]): Promise<Names> {
    const users = counts.flatMap(({ userId }) => userId ?? [])
    return {
      people: await this.people.names(users),
      clients: await this.clients.names(counts.map(({ clientId }) => clientId)),
    }
  }
}

interface Names {
  readonly people: ReadonlyMap<string, string>
  readonly clients: ReadonlyMap<string, string>
}

interface Count {
  readonly clientId: string
  readonly userId: string | undefined
  accesses: number
  first: Date
  readonly last: Date
}

/** What the trail calls this patient, and what left in bulk while they were part of it. */
function subjectsOf(patient: string, memberships: readonly Membership[]): string[] {
  const permits = new Set(memberships.map(({ permit }) => permit))
  return [`Patient/${patient}`, ...[...permits].map((permit) => `export/${permit}`), 'export/care']
}

/** Of exports the kick-offs count, and those of a permit while the patient was in its cohort. */
function concerns(access: RecordedAccess, memberships: readonly Membership[]): boolean {
  if (!access.interaction.startsWith('export')) return true
  if (access.interaction !== 'export') return false
  return access.permit === undefined || membershipAt(access, memberships) !== undefined
}

function membershipAt(
  { permit, recordedAt }: RecordedAccess,
  memberships: readonly Membership[],
): Membership | undefined {
  return memberships.find(
    (one) => one.permit === permit && one.since <= recordedAt && (!one.until || recordedAt <= one.until),
  )
}

function count(counts: Map<string, Count>, { clientId, userId, recordedAt }: RecordedAccess): void {
  const key = JSON.stringify([userId ?? null, userId === undefined ? clientId : null])
  const known = counts.get(key)
  // newest first: what comes later in the stream is earlier in time
  if (known) {
    known.accesses += 1
    known.first = recordedAt
  } else counts.set(key, { clientId, userId, accesses: 1, first: recordedAt, last: recordedAt })
}

function actorsOf(counts: readonly Count[], names: Names): ReportedActor[] {
  return counts
    .map(({ accesses, first, last, ...actor }) => ({ who: whoIs(actor, names), accesses, first, last }))
    .sort((one, other) => other.accesses - one.accesses)
}

function whoIs({ userId, clientId }: Pick<Count, 'userId' | 'clientId'>, names: Names): string {
  if (userId !== undefined) return names.people.get(userId) ?? userId
  return names.clients.get(clientId) ?? clientId
}

function reported(access: RecordedAccess, memberships: readonly Membership[], names: Names): ReportedAccess {
  const isAlone = access.patients === 1
  const application = access.userId === undefined ? undefined : names.clients.get(access.clientId)
  return {
    at: access.recordedAt,
    kind: kindOf(access),
    who: whoIs(access, names),
    application,
    elements: [...access.types].map(([type, times]) => (isAlone ? `${times} ${type}` : type)),
    project: access.permit === undefined ? undefined : membershipAt(access, memberships),
    ground: access.detail['ground'],
  }
}

const kinds: Readonly<Record<string, AccessKind>> = {
  ...{ read: 'read', vread: 'read', 'history-instance': 'read' },
  ...{ 'search-type': 'found', 'search-system': 'found', 'history-type': 'found', 'history-system': 'found' },
  ...{ create: 'written', update: 'written', patch: 'written', import: 'written', delete: 'deleted' },
  ...{ 'subscription-notification': 'notified', 'access-report': 'report', $everything: 'read' },
}

function kindOf({ interaction, permit }: RecordedAccess): AccessKind {
  if (interaction === 'export') return permit === undefined ? 'care-export' : 'research-export'
  if (interaction.startsWith('reidentif')) return 'reidentified'
  if (interaction.startsWith('opposition-')) return 'opposition'
  if (interaction.startsWith('erasure-')) return 'erasure'
  return permit === undefined ? (kinds[interaction] ?? 'looked-at') : 'research-read'
}

function printPlace({ recordedAt, chain, sequence }: RecordedPlace): string {
  return `${recordedAt.getTime()}.${sequence}.${chain}`
}

function parsePlace(text: string): RecordedPlace {
  const [, time, sequence, chain] = /^(\d{1,15})\.(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? []
  if (time === undefined || sequence === undefined || chain === undefined) {
    throw FhirError.invalid('before: the next of a page expected', 'before')
  }
  return { recordedAt: new Date(Number(time)), sequence: Number(sequence), chain }
}
