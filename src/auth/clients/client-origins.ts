import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { Repository } from 'typeorm'
import { Client } from '../entities.ts'

/** As long as a list is used before it is read again: every request of a page asks for it. */
const freshForMs = 2_000

/** The origins of the pages that registered clients run in. */
@Injectable()
export class ClientOrigins {
  private readUntil = 0
  private origins: Promise<ReadonlySet<string>> = Promise.resolve(new Set())

  constructor(@InjectRepository(Client) private readonly table: Repository<Client>) {}

  /** Whether an origin, `https://app.example`, is one of a registered client; new ones count within 2 s. */
  async has(origin: string): Promise<boolean> {
    const now = Date.now()
    if (now >= this.readUntil) {
      this.readUntil = now + freshForMs
      this.origins = this.read()
    }
    try {
      return (await this.origins).has(origin)
    } catch (error) {
      this.readUntil = 0
      throw error
    }
  }

  private async read(): Promise<ReadonlySet<string>> {
    const rows: { origin: string }[] = await this.table.query(
      `SELECT DISTINCT jsonb_array_elements_text(metadata -> 'allowed_origins') AS origin FROM auth.client`,
    )
    return new Set(rows.map(({ origin }) => origin))
  }
}
