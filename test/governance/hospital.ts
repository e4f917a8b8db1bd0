import pg from 'pg'
import { GovernanceApp, type Name } from './governance-app.ts'

/** How many women of the hospital there are in these stories; of men there are three. */
const women = 12
const inOneYear = () => new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10)

/** A proposal that could be granted. */
export const proposal = (changes: object = {}) => ({
  title: 'Glycaemia after discharge',
  purpose: 'To know how it develops',
  purposeCategory: 'scientific-research',
  people: ['nadia'],
  clientIds: ['pipeline'],
  cohort: ['Patient?gender=female', 'Patient?birthdate=ge1900'],
  data: [{ type: 'Patient', typeFilters: [], justification: 'age and sex' }],
  expiresOn: inOneYear(),
  ...changes,
})

/** A hospital with patients, and requests of Rene's at every stage of their way. */
export class Hospital {
  readonly app: GovernanceApp

  private constructor(app: GovernanceApp) {
    this.app = app
  }

  static async open(): Promise<Hospital> {
    const app = await GovernanceApp.start()
    const patient = (gender: string) => (_: unknown, index: number) => ({
      ...{ resourceType: 'Patient', id: `IPP-${gender}-${index}`, gender, birthDate: '1950-06-01' },
      name: [{ family: 'Zweistein' }],
    })
    await app.admit([
      ...Array.from({ length: women }, patient('female')),
      ...Array.from({ length: 3 }, patient('male')),
    ])
    return new Hospital(app)
  }

  async draft(changes: object = {}): Promise<string> {
    const answer = await this.app.post('rene', '/governance/requests', proposal(changes)).expect(201)
    return answer.body.id as string
  }

  async inReview(changes: object = {}): Promise<string> {
    const id = await this.draft(changes)
    await this.app.post('rene', `/governance/requests/${id}/submit`).expect(200)
    return id
  }

  async approved(changes: object = {}): Promise<string> {
    const id = await this.inReview(changes)
    await this.app.post('claire', `/governance/requests/${id}/opinions`, { verdict: 'approve' }).expect(200)
    return id
  }

  async permitted(): Promise<{ id: string; permit: string }> {
    const id = await this.approved()
    const answer = await this.app.post('diane', `/governance/requests/${id}/permit`).expect(201)
    return { id, permit: answer.body.id as string }
  }

  async status(id: string, as: Name = 'rene'): Promise<string> {
    const answer = await this.app.get(as, `/governance/requests/${id}`).expect(200)
    return answer.body.status as string
  }

  /** What the database's owner sees. */
  async rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.app.databaseUrl })
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }
}
