import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.ts'
import { AuthorizationServer } from '../auth/oauth/authorization-server.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { RestModule } from '../rest/rest.module.ts'
import { AppsController } from './apps.controller.tsx'
import { AssetsController } from './assets.controller.ts'
import { Csrf } from './csrf.ts'
import { errorPage } from './error-page.tsx'
import { HomeController } from './home.controller.tsx'
import { InteractionController } from './interaction.controller.tsx'
import { PageErrorFilter } from './page-error.filter.tsx'
import { Pages } from './pages.tsx'
import { PatientSearch } from './patient-search.ts'
import { SecondFactorController } from './second-factor.controller.tsx'
import { SignInController } from './sign-in.controller.tsx'

/** What people see in a browser. */
@Module({
  imports: [IdentityModule, AuthModule, RestModule],
  controllers: [
    ...[AssetsController, HomeController, SignInController],
    ...[InteractionController, AppsController, SecondFactorController],
  ],
  providers: [Csrf, Pages, PageErrorFilter, PatientSearch],
})
export class ConsoleModule {
  constructor(server: AuthorizationServer) {
    server.renderErrorsWith(errorPage)
  }
}
