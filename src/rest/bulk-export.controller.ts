import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Trail } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { Exports, type At } from '../export/exports.ts'
import { parametersOf, parseKickoff, type Level } from '../export/kickoff.ts'
import { parseJson } from '../fhir/json.ts'
import { parseParameters } from '../interactions/request.ts'
import { RequestAccess } from './access.ts'
import { bodyText } from './body.ts'
import { demandAsync, sendStatus, takesGzip } from './bulk-export.ts'
import { readPrefer } from './headers.ts'
import { demandJsonBody } from './media-type.ts'

const levels = ['$export', 'Patient/$export', 'Group/:group/$export']

/**
 * Bulk Data Access on both bases: kick-off, status, files, deletion.
 *
 * @see Bulk Data Access IG § Bulk Data Export Operation Request Flow
 */
@Controller(['fhir', 'research/:permit/fhir'])
export class BulkExportController {
  constructor(
    private readonly exports: Exports,
    private readonly requestAccess: RequestAccess,
    private readonly trail: Trail,
    private readonly settings: Settings,
  ) {}

  @Get(levels)
  async kickoff(
    @Param('permit') permit: string | undefined,
    @Param('group') group: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.start(request, reply, permit, group)
  }

  @Post(levels)
  async kickoffByPost(
    @Param('permit') permit: string | undefined,
    @Param('group') group: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.start(request, reply, permit, group)
  }

  @Get('bulk-status/:job')
  async status(
    @Param('permit') permit: string | undefined,
    @Param('job') job: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const at = await this.at(request, permit)
    const status = await this.exports.status(at, job)
    sendStatus(reply, status, `${this.url(at)}/bulk-files/${job}`, new Date())
  }

  @Delete('bulk-status/:job')
  @HttpCode(202)
  async remove(
    @Param('permit') permit: string | undefined,
    @Param('job') job: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.exports.remove(await this.at(request, permit), job)
  }

  @Get('bulk-files/:job/:file')
  async file(
    @Param('permit') permit: string | undefined,
    @Param('job') job: string,
    @Param('file') file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const coding = takesGzip(request.headers['accept-encoding']) ? 'gzip' : 'identity'
    const content = await this.exports.open(await this.at(request, permit), job, file, coding)
    if (coding === 'gzip') void reply.header('Content-Encoding', 'gzip')
    void reply
      .headers({ 'Cache-Control': 'no-store', Vary: 'Accept-Encoding' })
      .type('application/fhir+ndjson')
      .send(content)
  }

  private async start(
    request: FastifyRequest,
    reply: FastifyReply,
    permit: string | undefined,
    group: string | undefined,
  ): Promise<void> {
    const at = await this.at(request, permit)
    demandAsync(request.headers)
    const [path = '', ...query] = request.url.split('?')
    const isPost = request.method === 'POST'
    const level: Level =
      group !== undefined ? 'group' : path.endsWith('/Patient/$export') ? 'patient' : 'system'
    const alone = at.access.kind === 'research'
    const isLenient = !alone && readPrefer(request.headers.prefer).handling === 'lenient'
    const kickoff = parseKickoff(
      [...parseParameters(query.join('?')), ...(isPost ? bodyParameters(request) : [])],
      {
        ...{
          level,
          group,
          method: isPost ? 'POST' : 'GET',
          handling: isLenient ? 'lenient' : 'strict',
          alone,
        },
        ...{ now: new Date(), zone: this.settings.zone, base: this.url(at) },
      },
    )
    const job = await this.exports.kickoff(
      at,
      kickoff,
      this.settings.publicUrl + (isPost ? path : request.url),
    )
    void reply
      .status(202)
      .headers({ 'Content-Location': `${this.url(at)}/bulk-status/${job}`, 'Cache-Control': 'no-store' })
      .send()
  }

  /** Who asks, at which base. A request without a good token is on record too. */
  private async at(request: FastifyRequest, permit: string | undefined): Promise<At> {
    const base = permit === undefined ? '/fhir' : `/research/${permit}/fhir`
    try {
      return { access: await this.requestAccess.at(request, permit), base }
    } catch (error) {
      const caller = { clientId: 'unknown', userId: undefined, tokenId: '', ip: request.ip }
      await this.trail.record({
        ...{ action: 'E', interaction: 'export', outcome: 'refused', access: { caller }, base },
        ...{ entities: [], patients: [], at: new Date() },
      })
      throw error
    }
  }

  private url({ base }: At): string {
    return this.settings.publicUrl + base
  }
}

function bodyParameters(request: FastifyRequest) {
  demandJsonBody(request.headers['content-type'])
  return parametersOf(parseJson(bodyText(request)))
}
