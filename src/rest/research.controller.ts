import { All, Controller, Get, Param, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Settings } from '../config.ts'
import { researchCapabilities } from '../interactions/capabilities.ts'
import type { InteractionCode } from '../interactions/route.ts'
import { RequestAccess } from './access.ts'
import { cohortGroupAnswer } from './cohort-group.ts'
import { Exchange } from './exchange.ts'
import { sendCapabilities } from './metadata.ts'
import { researchOpenApi, sendOpenApi } from './openapi.ts'

/** A research base is read-only, and a record has no past there: its versions tell when care happened. */
const offered: ReadonlySet<InteractionCode> = new Set(['read', 'search-type', 'capabilities'])

/** The research base of one permit: the approved cohort, types and elements under pseudonyms, nothing else. */
@Controller('research/:permit/fhir')
export class ResearchController {
  constructor(
    private readonly exchange: Exchange,
    private readonly requestAccess: RequestAccess,
    private readonly settings: Settings,
  ) {}

  /** Without a token, like every CapabilityStatement; the types that the permit names are no secret. */
  @Get('metadata')
  async metadata(
    @Param('permit') permitId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const permit = await this.requestAccess.permit(permitId)
    const statement = researchCapabilities(this.settings.publicUrl, permit)
    sendCapabilities(request, reply, JSON.stringify(statement))
  }

  /** Without a token, like the CapabilityStatement. */
  @Get('openapi.json')
  async openApi(@Param('permit') permitId: string, @Res() reply: FastifyReply): Promise<void> {
    const permit = await this.requestAccess.permit(permitId)
    const description = researchOpenApi(this.settings.publicUrl, permit, offered)
    sendOpenApi(reply, JSON.stringify(description))
  }

  @All(['', '*'])
  interaction(
    @Param('permit') permitId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const access = () => this.requestAccess.researchAccess(request, permitId)
    const path = `/research/${permitId}/fhir`
    return this.exchange.answer(request, reply, { path, offered, access, own: cohortGroupAnswer })
  }
}
