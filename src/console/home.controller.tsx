import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Settings } from '../config.ts'
import { PageErrorFilter } from './page-error.filter.tsx'
import { Page } from './page.tsx'
import { Pages } from './pages.tsx'
import { words } from './words/words.ts'

const places = [
  ['/fhir/metadata', 'metadata'],
  ['/fhir/openapi.json', 'openapi'],
  ['/fhir/.well-known/smart-configuration', 'smart'],
  ['/governance/openapi.json', 'governance'],
  ['/health/ready', 'ready'],
] as const

/** For whoever opens the address in a browser: what this is, and where things are. */
@Controller()
@UseFilters(PageErrorFilter)
export class HomeController {
  constructor(
    private readonly pages: Pages,
    private readonly settings: Settings,
  ) {}

  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.visit(request, reply)
    const { home } = words[visit.language]
    this.pages.send(
      reply,
      <Page {...visit} title={home.title}>
        <p>{home.text}</p>
        <h2>{home.forTools}</h2>
        <p>
          <code>{`${this.settings.publicUrl}/fhir`}</code>, <code>/research/&#123;permit&#125;/fhir</code>
        </p>
        <ul>
          {places.map(([path, what]) => (
            <li>
              <a href={path}>{path}</a> – {home.places[what]}
            </li>
          ))}
        </ul>
      </Page>,
    )
  }
}
