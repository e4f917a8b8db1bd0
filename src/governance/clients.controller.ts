import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common'
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { ClientMetadata } from '../auth/clients/client-metadata.ts'
import { Clients } from '../auth/clients/clients.ts'
import { Roles } from '../auth/people/person.guard.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Audited } from './audit.interceptor.ts'
import { ClientAnswer, ClientPageDto, SecretAnswer } from './client.dto.ts'
import { ClientId, GovernanceApi, NoStore } from './governance-api.ts'

/** The OAuth clients: what each may be granted, and what it proves itself with. */
@GovernanceApi('clients')
@Controller('governance/clients')
export class ClientsController {
  private readonly clients: Clients

  constructor(clients: Clients) {
    this.clients = clients
  }

  @Get()
  @Roles('admin')
  @Audited('R', 'Task', 'client-list')
  @ApiOperation({ summary: 'Clients, in the order of their ids (admin)' })
  @ApiOkResponse({ type: [ClientAnswer] })
  async list(@Query() page: ClientPageDto): Promise<ClientAnswer[]> {
    return (await this.clients.list(page)).map((client) => new ClientAnswer(client))
  }

  @Get(':id')
  @Roles('admin')
  @Audited('R', 'Task', 'client-read')
  @ApiOperation({ summary: 'One client (admin)' })
  @ApiOkResponse({ type: ClientAnswer })
  async one(@ClientId() id: string): Promise<ClientAnswer> {
    const client = await this.clients.find(id)
    if (!client) throw FhirError.notFound('client')
    return new ClientAnswer(client)
  }

  @Put(':id')
  @HttpCode(200)
  @Roles('admin')
  @Audited('U', 'Task', 'client-register')
  @ApiOperation({ summary: 'Registers a client, or changes it: at once, for tokens that it has too (admin)' })
  @ApiBody({ schema: { type: 'object', additionalProperties: true }, description: 'RFC 7591, scope, grants' })
  @ApiOkResponse({ type: ClientAnswer })
  async save(@ClientId() id: string, @Body() metadata: ClientMetadata): Promise<ClientAnswer> {
    if (metadata.client_id !== id)
      throw FhirError.invalid('client_id: the one of the URL expected', 'client_id')
    return new ClientAnswer(await this.clients.save(metadata))
  }

  @Post(':id/secret')
  @HttpCode(200)
  @NoStore()
  @Roles('admin')
  @Audited('U', 'Task', 'client-secret')
  @ApiOperation({ summary: 'A new secret, shown this once; the one before is good no longer (admin)' })
  @ApiOkResponse({ type: SecretAnswer })
  async renewSecret(@ClientId() id: string): Promise<SecretAnswer> {
    const secret = await this.clients.renewSecret(id)
    if (secret === undefined) throw FhirError.notFound('client with a secret')
    return new SecretAnswer(id, secret)
  }

  @Delete(':id')
  @HttpCode(200)
  @Roles('admin')
  @Audited('D', 'Task', 'client-remove')
  @ApiOperation({ summary: 'Takes a client away, with all that was issued to it (admin)' })
  @ApiOkResponse({ type: ClientAnswer })
  async remove(@ClientId() id: string): Promise<ClientAnswer> {
    const client = await this.clients.find(id)
    if (!client || !(await this.clients.remove(id))) throw FhirError.notFound('client')
    return new ClientAnswer(client)
  }
}
