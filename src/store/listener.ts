import pg from 'pg'
import { connectionOptions } from './database.ts'

/** How long after it broke the connection is made anew. */
const reconnectAfterMs = 500

/**
 * Hears what triggers tell by NOTIFY, on a connection of its own that is made anew when it breaks. What was
 * told meanwhile is lost: whoever keeps something by what it hears keeps nothing while {@link isListening}
 * is false, and is told by `null` that it may have missed something.
 *
 * @see PostgreSQL § NOTIFY: what a transaction told is delivered when it has committed
 */
export class Listener {
  private client: pg.Client | undefined
  private reconnecting: NodeJS.Timeout | undefined
  private hasStopped = false

  /** @param heard gets each payload; `null` when the connection is there, and when it is gone */
  constructor(
    private readonly url: string,
    private readonly channel: string,
    private readonly heard: (payload: string | null) => void,
  ) {}

  get isListening(): boolean {
    return this.client !== undefined
  }

  /** Resolves when it listens, or could not yet and will try again. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      options: connectionOptions('care'),
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      application_name: 'coffre-listener',
    })
    client.on('notification', ({ payload }) => this.heard(payload ?? ''))
    // one that breaks says so by an error, by its end, or by both
    let isLost = false
    const lose = () => {
      if (!isLost) this.lose(client)
      isLost = true
    }
    client.on('error', lose)
    client.on('end', lose)
    try {
      await client.connect()
      await client.query(`LISTEN ${client.escapeIdentifier(this.channel)}`)
    } catch {
      return lose()
    }
    if (this.hasStopped) return client.end()
    this.client = client
    this.heard(null)
  }

  async stop(): Promise<void> {
    this.hasStopped = true
    clearTimeout(this.reconnecting)
    await this.client?.end()
  }

  private lose(client: pg.Client): void {
    if (this.client === client) {
      this.client = undefined
      this.heard(null)
    }
    client.end().catch(() => undefined)
    if (this.hasStopped) return
    this.reconnecting = setTimeout(() => void this.start(), reconnectAfterMs)
    this.reconnecting.unref()
  }
}
