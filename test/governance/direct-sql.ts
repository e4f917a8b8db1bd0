import pg from 'pg'
import { randomUUID } from 'node:crypto'
import { freshDatabase } from '../support/database.ts'

/** What was proposed, as far as the database looks at it. */
export const proposal = (changes: object = {}) =>
  JSON.stringify({
    title: 'Glycaemia',
    purposeCategory: 'scientific-research',
    people: ['nadia'],
    expiresOn: new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10),
    ...changes,
  })

export const newPermitId = () => randomUUID().replaceAll('-', '')

/** What someone with the server's own database password could write, past all of our code. */
export class DirectSql {
  readonly url: string
  readonly owner: pg.Client
  readonly server: pg.Client
  private readonly drop: () => Promise<void>

  private constructor(url: string, drop: () => Promise<void>) {
    this.url = url
    this.drop = drop
    this.owner = new pg.Client({ connectionString: url })
    this.server = new pg.Client({ connectionString: url, options: '-c role=coffre_care' })
  }

  static async connect(): Promise<DirectSql> {
    const database = await freshDatabase()
    const direct = new DirectSql(database.url, () => database.drop())
    await Promise.all([direct.owner.connect(), direct.server.connect()])
    return direct
  }

  async close(): Promise<void> {
    await Promise.all([this.owner.end(), this.server.end()])
    await this.drop()
  }

  async draft(): Promise<string> {
    const id = randomUUID()
    const text = 'INSERT INTO governance.request (id, requester, proposal) VALUES ($1, $2, $3)'
    await this.server.query(text, [id, 'rene', proposal()])
    return id
  }

  async inReview(): Promise<string> {
    const id = await this.draft()
    await this.event(id, 'submit', 'requester', 'rene')
    return id
  }

  async permitted(member?: string): Promise<{ id: string; permit: string }> {
    const permit = newPermitId()
    const id = await this.beginPermit()
    await this.permit(id, permit)
    if (member) await this.member(permit, member)
    await this.server.query('COMMIT')
    return { id, permit }
  }

  /** Begins the transaction in which a permit may be made. @returns the request's id */
  async beginPermit(): Promise<string> {
    const id = await this.inReview()
    await this.opinion(id, 'claire', 'approve')
    await this.server.query('BEGIN')
    await this.event(id, 'permit', 'director', 'diane')
    return id
  }

  event(id: string, action: string, role: string, actor: string, permit: string | null = null) {
    return this.server.query(
      `INSERT INTO governance.event (request, action, role, actor, permit, reason)
       VALUES ($1, $2, $3, $4, $5, 'why')`,
      [id, action, role, actor, permit],
    )
  }

  opinion(id: string, member: string, verdict: string, text = 'because') {
    return this.server.query(
      'INSERT INTO governance.opinion (request, round, member, verdict, text) VALUES ($1, 1, $2, $3, $4)',
      [id, member, verdict, text],
    )
  }

  permit(id: string, permit: string, until = '90 days') {
    return this.server.query(
      `INSERT INTO governance.permit (id, request, round, secret, key_version, valid_until)
       VALUES ($1, $2, 1, '\\x00', 1, now() + $3::interval)`,
      [permit, id, until],
    )
  }

  member(permit: string, pseudonym: string, days = -41) {
    return this.server.query(`INSERT INTO governance.permit_member VALUES ($1, $2, $3, $4, '\\x00')`, [
      ...[permit, randomUUID()],
      ...[pseudonym, days],
    ])
  }

  async status(id: string): Promise<string | undefined> {
    const text = 'SELECT status FROM governance.request WHERE id = $1'
    return (await this.owner.query<{ status: string }>(text, [id])).rows[0]?.status
  }
}
