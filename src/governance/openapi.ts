import type { INestApplication, Type } from '@nestjs/common'
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import { ErasureModule } from './erasure.module.ts'
import { GovernanceModule } from './governance.module.ts'

/**
 * Serves the description of this API at `/governance/openapi.json`. Call it before the app listens.
 *
 * @param beside modules of this API that lie in folders above this one
 */
export function serveGovernanceOpenApi(app: INestApplication, beside: readonly Type[] = []): void {
  const description = new DocumentBuilder()
    .setTitle('Coffre: governance')
    .setDescription(
      'Data access requests, opinions, permits. Sign in at `/auth/login`. Every error is an OperationOutcome ' +
        '(FHIR R4) whose `expression` names the property that is wrong.',
    )
    .setVersion('1')
    .addBearerAuth()
    .build()
  const include = [GovernanceModule, ErasureModule, ...beside]
  const document = () => SwaggerModule.createDocument(app, description, { include })
  SwaggerModule.setup('governance', app, document, {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'governance/openapi.json',
  })
}
