import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common'
import { Settings } from '../../config.ts'
import { assertionAlgorithms } from '../clients/client-metadata.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { ResearchBases } from '../research-bases.ts'

/** The discovery document of each FHIR base. @see SMART App Launch 2.2 § Conformance */
@Controller()
export class SmartConfigurationController {
  constructor(
    private readonly settings: Settings,
    private readonly researchBases: ResearchBases,
  ) {}

  @Get('fhir/.well-known/smart-configuration')
  @Header('Access-Control-Allow-Origin', '*')
  care() {
    return smartConfiguration(baseOf(this.settings.publicUrl, undefined))
  }

  @Get('research/:permit/fhir/.well-known/smart-configuration')
  @Header('Access-Control-Allow-Origin', '*')
  async research(@Param('permit') permit: string) {
    if (!(await this.researchBases.isOpen(permit))) throw new NotFoundException()
    return smartConfiguration(baseOf(this.settings.publicUrl, permit))
  }
}

/** What works at a base, and nothing else. */
export function smartConfiguration(base: FhirBase) {
  const reading = ['system/*.rs', 'system/*.read']
  return {
    token_endpoint: `${base.authUrl}/token`,
    revocation_endpoint: `${base.authUrl}/revoke`,
    introspection_endpoint: `${base.authUrl}/introspect`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    scopes_supported:
      base.permit === undefined ? ['system/*.cruds', 'system/*.*', 'system/*.write', ...reading] : reading,
    capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
  }
}
