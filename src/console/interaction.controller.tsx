import { Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CareAccess } from '../access/access.ts'
import { printScope } from '../access/scope.ts'
import { Authorizations, type PendingAuthorization } from '../auth/oauth/authorizations.ts'
import { ContextRecords } from '../auth/oauth/context-records.ts'
import { accessOf } from '../auth/people/rights.ts'
import type { CurrentPerson } from '../auth/people/sessions.ts'
import { Settings } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import { ConsentPage, type ConsentAsked } from './consent-page.tsx'
import { OtherPersonPage } from './notice.tsx'
import { PageErrorFilter } from './page-error.filter.tsx'
import type { PageContext } from './page.tsx'
import { Pages } from './pages.tsx'
import { PatientPage, type PatientChoice } from './patient-page.tsx'
import { PatientSearch, type PatientAsked } from './patient-search.ts'
import { signInPath } from './sign-in-page.tsx'
import { words } from './words/words.ts'

/** As the path of {@link InteractionController} has it. */
type Asked = FastifyRequest<{ Params: { uid: string } }>

/** What a person sees between an app's authorization request and its answer. */
@Controller('auth/interaction/:uid')
@UseFilters(PageErrorFilter)
export class InteractionController {
  constructor(
    private readonly pages: Pages,
    private readonly authorizations: Authorizations,
    private readonly patients: PatientSearch,
    private readonly records: ContextRecords,
    private readonly settings: Settings,
  ) {}

  @Get()
  async show(@Req() request: Asked, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.visit(request, reply)
    const pending = await this.pending(request, reply)
    if (pending.prompt === 'login') return this.login(request, reply, visit, pending)
    if (pending.prompt === 'consent') return this.showConsent(request, reply, visit, pending)
    const person = demandPerson(visit)
    const choice = choiceOf(request, pending)
    const show = (given: Partial<PatientChoice>) =>
      this.pages.send(reply, <PatientPage {...visit} {...choice} {...given} />, { formsLead: true })
    if (choice.searchable) return show({})
    const access = this.access(request, pending, person)
    const own = (pending.patients ?? []).map((id) => this.ofContext(access, id))
    show({ found: (await Promise.all(own)).flatMap((one) => one ?? []) })
  }

  @Post('patients')
  async search(@Req() request: Asked, @Res() reply: FastifyReply): Promise<void> {
    const [visit, fields] = await this.pages.form(request, reply)
    const pending = await this.pending(request, reply)
    const choice = choiceOf(request, pending)
    if (pending.prompt !== 'patient' || !choice.searchable) throw FhirError.notFound('authorization')
    const access = this.access(request, pending, demandPerson(visit))
    const asked = askedOf(fields)
    const { something, dayForm, noRight } = words[visit.language].patient
    const page = { ...visit, ...choice, asked, here: pathOf(request) }
    const show = (given: Partial<PatientChoice>, status = 200) =>
      this.pages.send(reply, <PatientPage {...page} {...given} />, { status, formsLead: true })
    if (Object.values(asked).every((value) => value === '')) return show({ wrong: { name: something } }, 400)
    if (!/^(\d{4}-\d\d-\d\d)?$/.test(asked.birthDate)) return show({ wrong: { birthDate: dayForm } }, 400)
    try {
      show(await this.patients.find(access, asked))
    } catch (error) {
      if (!(error instanceof FhirError) || error.status !== 403) throw error
      show({ wrong: { name: noRight } }, 403)
    }
  }

  @Post('patient')
  async choose(@Req() request: Asked, @Res() reply: FastifyReply): Promise<void> {
    const [, fields] = await this.pages.form(request, reply)
    const { raw } = request
    leave(reply, await this.authorizations.choosePatient(raw, reply.raw, fields.get('patient') ?? ''))
  }

  @Post('consent')
  async consent(@Req() request: Asked, @Res() reply: FastifyReply): Promise<void> {
    const [visit, fields] = await this.pages.form(request, reply)
    const pending = await this.pending(request, reply)
    if (pending.prompt !== 'consent') throw FhirError.notFound('authorization')
    const isEmergency = fields.get('emergency') === 'yes'
    const emergencyReason = fields.get('reason')?.trim() ?? ''
    const ticked = new Set(fields.getAll('scope'))
    const offline = fields.get('offline') === 'yes'
    if (isEmergency && emergencyReason === '') {
      return this.showConsent(request, reply, visit, pending, { ticked, offline })
    }
    const { scopes, emergency } = pending
    const url = await this.authorizations.grant(request.raw, reply.raw, {
      scopes: [...scopes.filter((scope) => ticked.has(printScope(scope))), ...(isEmergency ? emergency : [])],
      offline,
      ...(isEmergency ? { emergencyReason } : {}),
    })
    leave(reply, url)
  }

  @Post('cancel')
  async cancel(@Req() request: Asked, @Res() reply: FastifyReply): Promise<void> {
    await this.pages.form(request, reply)
    leave(reply, await this.authorizations.refuse(request.raw, reply.raw))
  }

  /** @throws FhirError 404 when it expired, or is of another browser or person */
  private async pending(request: Asked, reply: FastifyReply): Promise<PendingAuthorization> {
    const pending = await this.authorizations.pending(request.raw, reply.raw)
    if (!pending) throw FhirError.notFound('authorization')
    return pending
  }

  private async login(
    request: Asked,
    reply: FastifyReply,
    visit: PageContext,
    { username }: PendingAuthorization,
  ): Promise<void> {
    const { person } = visit
    if (!person) return leave(reply, signInPath(pathOf(request)))
    if (username !== undefined && username !== person.userId) {
      const page = <OtherPersonPage {...visit} username={username} returnTo={pathOf(request)} />
      return this.pages.send(reply, page, { status: 403 })
    }
    leave(reply, await this.authorizations.signedIn(request.raw, reply.raw, person))
  }

  private async showConsent(
    request: Asked,
    reply: FastifyReply,
    visit: PageContext,
    pending: PendingAuthorization,
    withoutReason?: ConsentAsked['withoutReason'],
  ): Promise<void> {
    const { patient: id } = pending.context
    const access = this.access(request, pending, demandPerson(visit))
    const patient = id === undefined ? undefined : await this.ofContext(access, id)
    const asked = { pending, patient, withoutReason, here: pathOf(request) }
    const status = withoutReason === undefined ? 200 : 400
    this.pages.send(reply, <ConsentPage {...visit} {...asked} />, { formsLead: true, status })
  }

  /** A patient as this person sees them who may see that one. */
  private async ofContext(access: CareAccess, id: string) {
    const patient = await this.records.patientKey(id)
    return patient === undefined ? undefined : this.patients.one({ ...access, patient }, id)
  }

  /** What people may see who choose a patient. */
  private access(
    { ip }: Asked,
    { person, emergency }: PendingAuthorization,
    current: CurrentPerson,
  ): CareAccess {
    return accessOf(person, emergency.length > 0, current, { ip, zone: this.settings.zone })
  }
}

/** Where the page stands that a form was on: a form's own path answers no link. */
function pathOf({ params }: Asked): string {
  return `/auth/interaction/${params.uid}`
}

function choiceOf({ params }: Asked, { client, clientId, patients }: PendingAuthorization): PatientChoice {
  return {
    ...{ uid: params.uid, app: client.client_name ?? clientId, asked: askedOf(new URLSearchParams()) },
    ...{ found: undefined, more: false, searchable: patients === undefined },
  }
}

function askedOf(fields: URLSearchParams): PatientAsked {
  const said = (name: string) => (fields.get(name) ?? '').trim().slice(0, 100)
  return { name: said('name'), birthDate: said('birthDate'), identifier: said('identifier') }
}

/** @throws FhirError 404: an authorization that waits for more than a sign-in is somebody's */
function demandPerson({ person }: PageContext): CurrentPerson {
  if (!person) throw FhirError.notFound('authorization')
  return person
}

function leave(reply: FastifyReply, url: string): void {
  void reply.header('Cache-Control', 'no-store').redirect(url, 303)
}
