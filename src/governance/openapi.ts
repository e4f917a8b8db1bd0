import type { INestApplication } from '@nestjs/common'
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import { GovernanceModule } from './governance.module.ts'

/** Serves the description of this API at `/governance/openapi.json`. Call it before the app listens. */
export function serveGovernanceOpenApi(app: INestApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Coffre: governance')
    .setDescription(
      'Data access requests, opinions, permits. Sign in at `/auth/login`. Every error is an OperationOutcome ' +
        '(FHIR R4) whose `expression` names the property that is wrong.',
    )
    .setVersion('1')
    .addBearerAuth()
    .build()
  const document = () => SwaggerModule.createDocument(app, description, { include: [GovernanceModule] })
  SwaggerModule.setup('governance', app, document, {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'governance/openapi.json',
  })
}
