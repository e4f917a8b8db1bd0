import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { Settings } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseJson } from '../fhir/json.ts'
import { readImportRequest } from '../import/import-request.ts'
import { Imports, type ImportStatus } from '../import/imports.ts'
import { isListedUrl } from '../interactions/listed-url.ts'
import { RequestAccess } from './access.ts'
import { bodyText } from './body.ts'
import { retryAfterSeconds } from './bulk-export.ts'
import { Exchange } from './exchange.ts'
import { readPrefer } from './headers.ts'
import { demandJsonBody, mediaType } from './media-type.ts'

/** Of the refusals of an upload the answer tells the first; how many there are it always tells. */
const mostTold = 100

/** `$import`: files that the server fetches, or NDJSON that the client sends. */
@Controller('fhir')
export class BulkImportController {
  constructor(
    private readonly imports: Imports,
    private readonly requestAccess: RequestAccess,
    private readonly exchange: Exchange,
    private readonly settings: Settings,
  ) {}

  @Post('$import')
  async start(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const access = await this.requestAccess.careAccess(request)
    if (isNdjson(request)) {
      const context = this.exchange.contextOf(access, '/fhir')
      const signal = closed(request)
      const { accepted, refused, outcomes } = await this.imports.upload(context, access, request.body, signal)
      const parameter = [
        { name: 'accepted', valueInteger: accepted },
        { name: 'refused', valueInteger: refused },
        ...outcomes
          .slice(0, mostTold)
          .map((text) => ({ name: 'refusal', resource: JSON.parse(text) as object })),
      ]
      void reply.status(200).header('Cache-Control', 'no-store').type('application/fhir+json')
      void reply.send(JSON.stringify({ resourceType: 'Parameters', parameter }))
      return
    }
    if (!readPrefer(request.headers.prefer).async) throw FhirError.invalid('Prefer: respond-async expected')
    demandJsonBody(request.headers['content-type'])
    const asked = readImportRequest(parseJson(bodyText(request)), (url) =>
      isListedUrl(this.settings.importable, url),
    )
    const job = await this.imports.kickoff(access, asked, new Date())
    void reply
      .status(202)
      .headers({ 'Content-Location': `${this.base}/import-status/${job}`, 'Cache-Control': 'no-store' })
      .send()
  }

  @Get('import-status/:job')
  async status(
    @Param('job') job: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const status = await this.imports.status(await this.requestAccess.careAccess(request), job)
    void reply.header('Cache-Control', 'no-store')
    if (status.state === 'done') {
      void reply.type('application/json').send(JSON.stringify(this.manifest(status)))
      return
    }
    const done = status.inputs.filter(({ state }) => state === 'done').length
    const taken = status.inputs.reduce((sum, { accepted, refused }) => sum + accepted + refused, 0)
    void reply
      .status(202)
      .headers({
        'X-Progress': `${done} of ${status.inputs.length} files, ${taken} resources`,
        'Retry-After': String(retryAfterSeconds(status.since, new Date())),
      })
      .send()
  }

  @Get('import-errors/:job/:place')
  async errors(
    @Param('job') job: string,
    @Param('place') place: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const access = await this.requestAccess.careAccess(request)
    if (!/^\d{1,5}$/.test(place)) throw FhirError.notFound('import')
    const outcomes = await this.imports.refusals(access, job, Number(place))
    void reply.header('Cache-Control', 'no-store').type('application/fhir+ndjson')
    void reply.send(outcomes.map((outcome) => `${outcome}\n`).join(''))
  }

  @Delete('import-status/:job')
  @HttpCode(202)
  async cancel(@Param('job') job: string, @Req() request: FastifyRequest): Promise<void> {
    await this.imports.cancel(await this.requestAccess.careAccess(request), job, new Date())
  }

  private get base(): string {
    return `${this.settings.publicUrl}/fhir`
  }

  private manifest({ job, request, inputs }: ImportStatus & { readonly state: 'done' }): object {
    const files = inputs.map((input) => ({ ...input, file: request.inputs[input.place] }))
    return {
      transactionTime: job.createdAt.toISOString(),
      request: `${this.base}/$import`,
      output: files.map(({ file, accepted }) => ({ type: file?.type, inputUrl: file?.url, count: accepted })),
      error: files
        .filter(({ refused }) => refused > 0)
        .map(({ file, refused, place }) => ({
          type: 'OperationOutcome',
          inputUrl: file?.url,
          count: refused,
          url: `${this.base}/import-errors/${job.id}/${place}`,
        })),
    }
  }
}

type Streamed = FastifyRequest & { readonly body: Readable }

/** The server hands such bodies on as they come (server.ts). */
function isNdjson(request: FastifyRequest): request is Streamed {
  return mediaType(request.headers['content-type']).endsWith('ndjson') && request.body instanceof Readable
}

/** Who hangs up wants no more of it. */
function closed(request: FastifyRequest): AbortSignal {
  const controller = new AbortController()
  request.raw.once('aborted', () => controller.abort(FhirError.structure('the body was cut off')))
  return controller.signal
}
