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
    const clients = await this.table.find({ select: { clientId: true, metadata: true } })
    return new Set(clients.flatMap(({ metadata }) => originsOf(metadata)))
  }
}

/**
 * The origins that a registration speaks for: those it lists, and of a client without a secret those that it
 * is sent back to, since such a client is the page itself. A native app's own scheme is no origin.
 *
 * @param metadata RFC 7591, as registered
 */
export function originsOf(metadata: object): readonly string[] {
  const {
    allowed_origins: allowed,
    redirect_uris: redirects,
    token_endpoint_auth_method: method,
  } = metadata as {
    readonly [member: string]: unknown
  }
  const pages = method === 'none' ? texts(redirects).filter((uri) => URL.canParse(uri)) : []
  return [...texts(allowed), ...pages.map((uri) => new URL(uri).origin).filter((origin) => origin !== 'null')]
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
