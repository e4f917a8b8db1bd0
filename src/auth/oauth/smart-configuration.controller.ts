import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { FastifyInstance } from 'fastify'
import { Settings } from '../../config.ts'
import { baseOf } from '../fhir-base.ts'
import { ResearchBases } from '../research-bases.ts'
import { smartConfiguration, type ServedEndpoints } from './smart-configuration.ts'

/** The discovery document of each FHIR base. */
@Controller()
export class SmartConfigurationController {
  constructor(
    private readonly settings: Settings,
    private readonly researchBases: ResearchBases,
    private readonly http: HttpAdapterHost,
  ) {}

  @Get('fhir/.well-known/smart-configuration')
  @Header('Access-Control-Allow-Origin', '*')
  care() {
    return this.document(undefined)
  }

  @Get('research/:permit/fhir/.well-known/smart-configuration')
  @Header('Access-Control-Allow-Origin', '*')
  async research(@Param('permit') permit: string) {
    if (!(await this.researchBases.isOpen(permit))) throw new NotFoundException()
    return this.document(permit)
  }

  private document(permit: string | undefined): object {
    const { publicUrl } = this.settings
    return smartConfiguration(baseOf(publicUrl, permit), this.served(), publicUrl)
  }

  /** Asked of the router: no process says that it serves what is not mounted in it. */
  private served(): ServedEndpoints {
    const router = this.http.httpAdapter.getInstance<FastifyInstance>()
    const has = (method: 'GET' | 'POST', url: string) => router.hasRoute({ method, url })
    return {
      authorize: has('GET', '/auth/authorize'),
      launch: has('POST', '/auth/launch'),
      register: has('POST', '/auth/register'),
      manage: has('GET', '/account/apps'),
    }
  }
}
