import { Controller, Get, Header, HttpException, HttpStatus } from '@nestjs/common'
import { sql } from '../store/sql.ts'
import { Store } from '../store/store.ts'
import { isElsewhere } from '../store/tx.ts'

/** What a load balancer asks. */
@Controller('health')
export class HealthController {
  constructor(private readonly store: Store) {}

  /** The process answers. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live() {
    return { status: 'up' }
  }

  /** It can do its work: the database answers too, and the vault's where it is another. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready() {
    try {
      await this.store.read('care', async (tx) => {
        await tx.query(sql`SELECT 1`)
        if (isElsewhere(tx)) await tx.vault.query(sql`SELECT 1`)
      })
    } catch {
      throw new HttpException({ status: 'down', database: 'down' }, HttpStatus.SERVICE_UNAVAILABLE)
    }
    return { status: 'up', database: 'up' }
  }
}
