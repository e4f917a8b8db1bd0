import { Logger, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { ParameterRegistry } from './parameter-registry.ts'

const report = reporter(new Logger('search-parameter'))

/** The search parameters that were added: every process that writes must extract them. */
@Module({
  imports: [StoreModule],
  providers: [
    {
      provide: ParameterRegistry,
      inject: [Store],
      useFactory: (store: Store) => new ParameterRegistry(store, report),
    },
  ],
})
export class SearchParameterModule implements OnModuleInit, OnModuleDestroy {
  private readonly registry: ParameterRegistry

  constructor(registry: ParameterRegistry) {
    this.registry = registry
  }

  async onModuleInit(): Promise<void> {
    await this.registry.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.registry.stop()
  }
}
