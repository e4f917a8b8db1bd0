import { Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { TypeOrmModule } from '@nestjs/typeorm'
import type { FastifyInstance } from 'fastify'
import { Settings } from '../config.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { StoreModule } from '../store/store.module.ts'
import { ArtifactStore } from './oauth/artifact-store.ts'
import { AuditModule } from '../audit/audit.module.ts'
import { AuthSeal } from './auth-seal.ts'
import { Authenticator } from './authenticator.ts'
import { AuthorizationRequests } from './oauth/authorization-requests.ts'
import { CodeFlow } from './oauth/code-flow.ts'
import { ContextRecords } from './oauth/context-records.ts'
import { Launches } from './oauth/launches.ts'
import { RefreshRequests } from './oauth/refresh-requests.ts'
import { SigningKeys } from './oauth/signing-keys.ts'
import { Authorizations } from './oauth/authorizations.ts'
import { AuthorizedApps } from './oauth/authorized-apps.ts'
import { AuthorizationServer } from './oauth/authorization-server.ts'
import { ClientOrigins } from './clients/client-origins.ts'
import { Clients } from './clients/clients.ts'
import { authEntities } from './entities.ts'
import { FhirBaseGuard } from './fhir-base.guard.ts'
import { Introspection } from './oauth/introspection.ts'
import { KeySets } from './clients/key-sets.ts'
import { LaunchController } from './oauth/launch.controller.ts'
import { LoginController } from './people/login.controller.ts'
import { SignIns } from './people/sign-ins.ts'
import { mountOauthRoutes } from './oauth/oauth-routes.ts'
import { OpaqueTokens } from './oauth/opaque-tokens.ts'
import { People } from './people/people.ts'
import { PersonGuard } from './people/person.guard.ts'
import { ResearchBases } from './research-bases.ts'
import { AddressLimit } from './people/address-limit.ts'
import { OwnSecondFactor } from './people/own-second-factor.ts'
import { SecondFactors } from './people/second-factors.ts'
import { Sessions } from './people/sessions.ts'
import { SmartConfigurationController } from './oauth/smart-configuration.controller.ts'
import { TokenMemory } from './oauth/token-memory.ts'

const sweepMinutes = 5

/** Who is there: clients by their keys, people by their passwords, and the tokens both get. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, TypeOrmModule.forFeature(authEntities)],
  controllers: [SmartConfigurationController, LaunchController, LoginController],
  providers: [
    ...[
      AuthorizationRequests,
      Authorizations,
      AuthorizedApps,
      CodeFlow,
      ContextRecords,
      Launches,
      RefreshRequests,
      SigningKeys,
    ],
    ...[ArtifactStore, AuthorizationServer, Clients, KeySets, OpaqueTokens, People, ResearchBases, Sessions],
    ...[Authenticator, ClientOrigins, FhirBaseGuard, Introspection, PersonGuard, TokenMemory],
    ...[AddressLimit, OwnSecondFactor, SecondFactors, SignIns],
    { provide: AuthSeal, inject: [Keyring], useFactory: (keyring: Keyring) => new AuthSeal(keyring) },
  ],
  exports: [
    StoreModule,
    Authorizations,
    AuthorizedApps,
    AuthorizationServer,
    AuthSeal,
    ContextRecords,
    Authenticator,
    Clients,
    FhirBaseGuard,
    People,
    PersonGuard,
    ResearchBases,
    OwnSecondFactor,
    SecondFactors,
    Sessions,
    SignIns,
  ],
})
export class AuthModule implements OnModuleInit, OnModuleDestroy {
  private sweeping: NodeJS.Timeout | undefined

  constructor(
    private readonly clients: Clients,
    private readonly people: People,
    private readonly artifacts: ArtifactStore,
    private readonly server: AuthorizationServer,
    private readonly tokens: TokenMemory,
    private readonly settings: Settings,
    private readonly http: HttpAdapterHost,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.clients.register()
    await this.people.register()
    // what has expired is not used again in any case: a sweep that fails is made up for by the next
    const sweep = () => void this.artifacts.sweep().catch(() => undefined)
    this.sweeping = setInterval(sweep, sweepMinutes * 60_000)
    this.sweeping.unref()
    // the command line has no HTTP server
    const fastify = this.http.httpAdapter?.getInstance<FastifyInstance>()
    if (!fastify) return
    await mountOauthRoutes(fastify, this.server, this.settings.publicUrl)
    await this.tokens.listen()
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.sweeping)
    await this.tokens.stop()
  }
}
