import {
  Body,
  Controller,
  ForbiddenException,
  Header,
  Headers,
  HttpCode,
  Ip,
  Post,
  ValidationPipe,
} from '@nestjs/common'
import { IsBoolean, IsOptional, IsString, Matches, MaxLength, ValidateBy } from 'class-validator'
import type { CareAccess } from '../../access/access.ts'
import { Trail } from '../../audit/trail.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { Authenticator } from '../authenticator.ts'
import { Clients } from '../clients/clients.ts'
import { People } from '../people/people.ts'
import { ContextRecords } from './context-records.ts'
import { isFhirContext } from './fhir-context.ts'
import type { FhirContextItem, LaunchContext } from './launch-context.ts'
import { Launches, launchSeconds } from './launches.ts'
import { launchedFor } from './token-response.ts'

const logicalId = /^[A-Za-z0-9.-]{1,64}$/

/** What an EHR says of a launch, in the words of SMART's launch context. */
export class LaunchRequest {
  /** the app */
  @IsString()
  client_id!: string

  /** who uses it: the name of their account here */
  @Matches(/^[A-Za-z0-9._@-]{1,64}$/)
  username!: string

  @IsOptional()
  @Matches(logicalId)
  patient?: string

  @IsOptional()
  @Matches(logicalId)
  encounter?: string

  @IsOptional()
  @ValidateBy(
    { name: 'isFhirContext', validator: { validate: isFhirContext } },
    {
      message:
        'fhirContext: items with a relative reference, a canonical or an identifier; no Patient or Encounter',
    },
  )
  fhirContext?: FhirContextItem[]

  @IsOptional()
  @IsString()
  @MaxLength(200)
  intent?: string

  @IsOptional()
  @IsBoolean()
  need_patient_banner?: boolean
}

/**
 * How an EHR launches an app: its backend says who uses the app and for whom, and gets the handle that
 * the app is opened with. For clients with the grant `launch`.
 *
 * @see SMART App Launch 2.2 § EHR launch
 */
@Controller('auth')
export class LaunchController {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly clients: Clients,
    private readonly people: People,
    private readonly records: ContextRecords,
    private readonly launches: Launches,
    private readonly trail: Trail,
  ) {}

  @Post('launch')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async launch(
    @Headers('authorization') authorization: string | undefined,
    @Ip() ip: string,
    @Body(new ValidationPipe({ whitelist: true, expectedType: LaunchRequest })) asked: LaunchRequest,
  ) {
    const { caller, scopes, grants } = await this.authenticator.authenticate(authorization, '/fhir', ip)
    if (!grants.has('launch')) throw new ForbiddenException('needs the grant launch')
    const ofAll = scopes.filter(({ context }) => context !== 'patient')
    const access: CareAccess = { kind: 'care', caller, scopes: ofAll, patient: undefined, grants }
    const context = contextOf(asked)
    await this.demandParties(asked)
    const patient = await this.demandRecords(access, context)
    const launch = await this.launches.open({ clientId: asked.client_id, username: asked.username, context })
    await this.trail.record({
      ...{ action: 'C', interaction: 'launch', outcome: 'success', base: '/fhir', entities: [] },
      ...{ access, patients: patient === undefined ? [] : [patient], at: new Date() },
    })
    return { launch, expires_in: launchSeconds }
  }

  private async demandParties({ client_id: clientId, username }: LaunchRequest): Promise<void> {
    const app = await this.clients.find(clientId)
    const isApp = app && this.clients.metadata(app).grant_types?.includes('authorization_code')
    if (!isApp) throw FhirError.invalid('client_id: not an app that can be launched')
    if (!(await this.people.names([username])).has(username)) {
      throw FhirError.invalid('username: not known here')
    }
  }

  /** @returns the patient's key; @throws FhirError 404 for what this EHR may not see, 400 for what does not belong together */
  private async demandRecords(
    access: CareAccess,
    { patient, encounter }: LaunchContext,
  ): Promise<string | undefined> {
    const key = patient === undefined ? undefined : await this.records.keyOf(access, 'Patient', patient)
    if (patient !== undefined && key === undefined) throw FhirError.notFound('Patient')
    if (encounter === undefined) return key
    if ((await this.records.keyOf(access, 'Encounter', encounter)) === undefined) {
      throw FhirError.notFound('Encounter')
    }
    if ((await this.records.patientOfEncounter(encounter)) !== patient) {
      throw FhirError.invalid('encounter: of another patient')
    }
    return key
  }
}

function contextOf(asked: LaunchRequest): LaunchContext {
  const { need_patient_banner: needPatientBanner } = asked
  return { ...launchedFor(asked), ...(needPatientBanner !== undefined && { needPatientBanner }) }
}
