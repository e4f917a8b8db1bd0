import { Injectable } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access, Caller } from '../access/access.ts'
import { Trail } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { Keyring } from '../identity/keyring.ts'
import type { Accessed, Answer } from '../interactions/answer.ts'
import { audited } from '../interactions/audited.ts'
import { batch, failure } from '../interactions/batch.ts'
import { demandBundle } from '../interactions/bundle-entry.ts'
import type { Context } from '../interactions/context.ts'
import { isAsync } from '../interactions/async/async-jobs.ts'
import { pageSeal, type PageSeal } from '../interactions/page.ts'
import { performAlone } from '../interactions/perform.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { route, type InteractionCode, type Route } from '../interactions/route.ts'
import { transaction } from '../interactions/transaction.ts'
import { validationOf } from '../interactions/validation.ts'
import { Store } from '../store/store.ts'
import { AsyncKickoff } from './async-kickoff.ts'
import { wantsContent } from './binary.ts'
import { fhirRequest } from './fhir-request.ts'
import { formatOf, type Format } from './format.ts'
import { sendOptions } from './options.ts'
import { sendAnswer } from './headers.ts'

/** One FHIR base as it answers. */
export interface ServedBase {
  /** `/fhir` */
  readonly path: string
  readonly offered: ReadonlySet<InteractionCode>
  access(): Promise<Access>
  /** what this base answers beside the resources that are stored; undefined: not this */
  own?(context: Context, request: FhirRequest, found: Route): Answer | undefined
}

/** From an HTTP request to its answer: who asks, what for, what comes of it, and all of it on record. */
@Injectable()
export class Exchange {
  private readonly pages: PageSeal
  private readonly demandValid: Context['demandValid']

  constructor(
    private readonly store: Store,
    private readonly gate: Gate,
    private readonly trail: Trail,
    private readonly settings: Settings,
    private readonly kickoff: AsyncKickoff,
    keyring: Keyring,
  ) {
    this.pages = pageSeal(keyring)
    this.demandValid = validationOf(settings)
  }

  /**
   * Answers a request on a FHIR base. What was done or refused is in the trail before the answer leaves.
   *
   * @throws FhirError for the filter to send
   */
  async answer(http: FastifyRequest, reply: FastifyReply, base: ServedBase): Promise<void> {
    if (http.method === 'OPTIONS') return sendOptions(http, reply, base)
    const known: Known = { caller: unknownCaller(http.ip), found: undefined }
    try {
      const access = await base.access()
      known.access = access
      const request = fhirRequest(http, base.path)
      const found = route(request, base.offered)
      known.found = found
      const format = answerFormat(http.headers.accept, request, found)
      const url = this.settings.publicUrl + base.path
      const context = this.context(access, url, (accesses) => this.record(base, known, accesses))
      const own = base.own?.(context, request, found)
      if (!own && isAsync(request, found)) {
        return await this.kickoff.accept(reply, { access, base: base.path }, request, found)
      }
      const answer = own ?? (await this.perform(context, request, found))
      await this.record(base, known, answer.accesses)
      sendAnswer(reply, answer, url, format)
    } catch (error) {
      const { interaction = 'read', type } = known.found ?? {}
      await this.record(base, known, [failure(interaction, type, error)])
      throw error
    }
  }

  /** The context of work that nobody waits for: its accesses go on record as the caller's. */
  contextOf(access: Access, path: string): Context {
    const known: Known = { caller: access.caller, access, found: undefined }
    const url = this.settings.publicUrl + path
    return this.context(access, url, (accesses) => this.record({ path }, known, accesses))
  }

  private perform(context: Context, request: FhirRequest, found: Route): Promise<Answer> {
    if (found.interaction !== 'batch') return performAlone(context, request, found)
    const { bundle, type } = demandBundle(request.body)
    return type === 'batch' ? batch(context, request, bundle) : transaction(context, request, bundle)
  }

  private context(access: Access, base: string, record: Context['record']): Context {
    const { store, gate, pages, demandValid, settings } = this
    const { zone, notifiable } = settings
    const ours = { store, gate, pages, demandValid, zone, notifiable }
    return { ...ours, access, base, record, now: () => new Date() }
  }

  private async record(
    base: Pick<ServedBase, 'path'>,
    known: Known,
    accesses: readonly Accessed[],
  ): Promise<void> {
    const at = new Date()
    const { access } = known
    const permit = access?.kind === 'research' ? { permit: access.permit.id } : {}
    await Promise.all(
      accesses.map((accessed) => {
        const by = { access: access ?? { caller: known.caller }, base: base.path, at }
        return this.trail.record({ ...audited(accessed, by), ...permit })
      }),
    )
  }
}

/** @throws FhirError 406, before anything is done */
function answerFormat(accept: string | undefined, request: FhirRequest, found: Route): Format | 'content' {
  return wantsContent(accept, found, request.parameters) ? 'content' : formatOf(accept, request.parameters)
}

/** What is known of a request by the time that it fails. */
interface Known {
  readonly caller: Caller
  access?: Access
  found: Route | undefined
}

/** Somebody without a good token. */
function unknownCaller(ip: string | undefined): Caller {
  return { clientId: 'unknown', userId: undefined, tokenId: '', ip }
}
