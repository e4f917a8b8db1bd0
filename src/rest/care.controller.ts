import { All, Controller, Get, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Settings } from '../config.ts'
import { fromSearchParameters } from '../fhir/definitions.ts'
import { careCapabilities } from '../interactions/capabilities.ts'
import type { InteractionCode } from '../interactions/route.ts'
import { RequestAccess } from './access.ts'
import { Exchange } from './exchange.ts'
import { sendCapabilities } from './metadata.ts'
import { careOpenApi, sendOpenApi } from './openapi.ts'

/** All interactions on resources; the route table says where each is. */
const offered: ReadonlySet<InteractionCode> = new Set([
  ...(['read', 'vread', 'update', 'delete', 'create', 'search-type', 'batch'] as const),
  ...(['patch', 'search-system', 'operation'] as const),
  ...(['history-instance', 'history-type', 'history-system', 'capabilities'] as const),
])

/** The care base: identified records under SMART scopes. */
@Controller('fhir')
export class CareController {
  /** anybody may ask for these, as often as he likes */
  private readonly capabilities: () => string
  private readonly description: () => string

  constructor(
    private readonly exchange: Exchange,
    private readonly requestAccess: RequestAccess,
    { publicUrl }: Settings,
  ) {
    this.capabilities = fromSearchParameters(() => JSON.stringify(careCapabilities(publicUrl)))
    this.description = fromSearchParameters(() => JSON.stringify(careOpenApi(publicUrl, offered)))
  }

  /** Without a token: this is how a client learns where to get one. */
  @Get('metadata')
  metadata(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendCapabilities(request, reply, this.capabilities())
  }

  /** Without a token too: it describes, and holds nothing. */
  @Get('openapi.json')
  openApi(@Res() reply: FastifyReply): void {
    sendOpenApi(reply, this.description())
  }

  @All(['', '*'])
  interaction(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const access = () => this.requestAccess.careAccess(request)
    return this.exchange.answer(request, reply, { path: '/fhir', offered, access })
  }
}
