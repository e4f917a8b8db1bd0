import { isPseudonym } from '../../src/deid/pseudonym.ts'
import { Vault } from '../../src/identity/vault.ts'
import { Store } from '../../src/store/store.ts'
import type { Name } from './governance-app.ts'
import type { Hospital } from './hospital.ts'

/** What only the vault may hold of the patients of these stories. */
export const canaries = {
  family: 'Zweistein',
  identifier: 'NIR-QX7-55081',
  phone: '+33 6 99 12 34 56',
  id: 'IPP-',
} as const

/** Who works how far from the project: nadia uses the data, rene asked for them, diane and claire decided. */
export class Desk {
  readonly hospital: Hospital
  readonly permit: string
  /** of its cohort, in order */
  readonly pseudonyms: readonly string[]

  private constructor(hospital: Hospital, permit: string, pseudonyms: readonly string[]) {
    this.hospital = hospital
    this.permit = permit
    this.pseudonyms = pseudonyms
  }

  /** A desk of a hospital, with a permit over its women. A day is long here: see `policy`. */
  static async open(hospital: Hospital): Promise<Desk> {
    await hospital.rows('UPDATE governance.policy SET cases_a_day = 1000')
    const { permit } = await hospital.permitted()
    return Desk.of(hospital, permit)
  }

  static async of(hospital: Hospital, permit: string): Promise<Desk> {
    const members = await hospital.rows<{ pseudonym: string }>(
      'SELECT pseudonym FROM governance.permit_member WHERE permit = $1 ORDER BY pseudonym',
      [permit],
    )
    const pseudonyms = members.map(({ pseudonym }) => pseudonym)
    return new Desk(hospital, permit, pseudonyms)
  }

  pseudonym(index = 0): string {
    const found = this.pseudonyms[index]
    if (found === undefined) throw new TypeError('not so many in the cohort')
    return found
  }

  asked(changes: object = {}) {
    return {
      permit: this.permit,
      pseudonyms: [this.pseudonym()],
      ground: 'benefit-to-the-person',
      reason: 'A potassium that needs treatment, said of Mme Zweistein',
      evidence: 'Report 2026-118',
      recipient: { kind: 'privacy-desk' },
      ...changes,
    }
  }

  post(name: Name, path: string, body: object = {}) {
    return this.hospital.app.post(name, `/governance/reidentifications${path}`, body)
  }

  get(name: Name, path = '') {
    return this.hospital.app.get(name, `/governance/reidentifications${path}`)
  }

  /** The key of the patient whom care knows by this id. */
  async keyOf(id: string): Promise<string> {
    const { app } = this.hospital.app
    const keys = await app.get(Store).read('care', (tx) => app.get(Vault).patientKeys(tx, [id], false))
    return keys.get(id) ?? ''
  }

  /** Under this permit. */
  async pseudonymOf(id: string): Promise<string> {
    const [row] = await this.hospital.rows<{ pseudonym: string }>(
      'SELECT pseudonym FROM governance.permit_member WHERE permit = $1 AND patient = $2',
      [this.permit, await this.keyOf(id)],
    )
    if (!row) throw new TypeError('not of the cohort')
    return row.pseudonym
  }

  async filed(changes: object = {}, by: Name = 'nadia'): Promise<string> {
    const answer = await this.post(by, '', this.asked(changes)).expect(201)
    return answer.body.id as string
  }

  async approved(changes: object = {}, by: Name = 'nadia'): Promise<string> {
    const id = await this.filed(changes, by)
    await this.post('dora', `/${id}/approve`).expect(200)
    await this.post('phil', `/${id}/approve`).expect(200)
    return id
  }

  async status(id: string, as: Name = 'nadia'): Promise<string> {
    return (await this.get(as, `/${id}`).expect(200)).body.status as string
  }

  /** The bodies of what the trail holds, oldest first. */
  async trail(): Promise<string[]> {
    const rows = await this.hospital.rows<{ body: string }>(
      'SELECT body FROM audit.event ORDER BY recorded_at, sequence',
    )
    return rows.map(({ body }) => body)
  }
}

const digits = '34679bcdfhjkmnprstvwxyz'

/** A pseudonym that begins so, with the check digit that it takes. */
export function spelled(beginning: string): string {
  const found = [...digits].map((digit) => beginning + digit).find(isPseudonym)
  if (found === undefined) throw new TypeError('no check digit fits')
  return found
}

/** Two neighbours that are not alike have changed places. */
export function mistyped(pseudonym: string): string {
  const at = [...pseudonym].findIndex((digit, index) => index > 0 && digit !== pseudonym[index - 1])
  return `${pseudonym.slice(0, at - 1)}${pseudonym[at] ?? ''}${pseudonym[at - 1] ?? ''}${pseudonym.slice(at + 1)}`
}
