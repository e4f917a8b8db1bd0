import type { AuditEvent } from 'fhir/r4.js'
import { caseKeysPlace } from '../../src/governance/reidentification-keys.ts'
import { Keyring } from '../../src/identity/keyring.ts'
import { Store } from '../../src/store/store.ts'
import { Desk } from './desk.ts'
import { Hospital } from './hospital.ts'

/** Beyond all that there are. */
const anyVersion = 1_000_000

let hospital: Hospital
let desk: Desk

const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const open = `desk_days = '{1,2,3,4,5,6,7}', desk_opens = '00:00', desk_closes = '24:00'`
const plenty = 'cases_a_day = 1000, cases_a_day_noticed = 1000'

beforeAll(async () => {
  hospital = await Hospital.open()
  const labelled = (id: string, system: string, code: string) => ({
    ...{ resourceType: 'Patient', id, gender: 'female', birthDate: '1961-02-03' },
    meta: { security: [{ system, code }] },
  })
  await hospital.app.admit([
    ...[labelled('IPP-staff', actCode, 'EMP'), labelled('IPP-known-face', actCode, 'CEL')],
    ...[labelled('IPP-restricted', confidentiality, 'V'), labelled('IPP-normal', confidentiality, 'N')],
  ])
  desk = await Desk.open(hospital)
})

beforeEach(() => policy(`${open}, ${plenty}`))
afterAll(() => hospital.app.close())

const policy = (assignments: string) => hospital.rows(`UPDATE governance.policy SET ${assignments}`)

/** The kinds that a case raised, as the privacy desk reads them. */
async function raised(id: string): Promise<string[]> {
  const { body } = await hospital.app.get('dora', '/governance/alerts?limit=200').expect(200)
  const alerts = body as { kind: string; reidentification?: string }[]
  return alerts.filter(({ reidentification }) => reidentification === id).map(({ kind }) => kind)
}

async function carriedOut(patient: string): Promise<string> {
  const id = await desk.approved({ pseudonyms: [await desk.pseudonymOf(patient)] })
  await desk.post('denise', `/${id}/identity`).expect(200)
  return id
}

describe('an alert', () => {
  it('is not raised by an ordinary case', async () => {
    expect(await raised(await carriedOut('IPP-normal'))).toEqual([])
  })

  it('is raised by what is filed outside the hours of the desk', async () => {
    await policy(`desk_closes = '00:00'`)
    const late = await desk.filed()
    await policy(`desk_closes = '24:00', desk_days = '{}'`)
    expect([await raised(late), await raised(await desk.filed())]).toEqual([
      ['outside-hours'],
      ['outside-hours'],
    ])
  })

  it('is raised by the case after those that a requester, or a permit, has in a day', async () => {
    const other = await Desk.of(hospital, (await hospital.permitted()).permit)
    await policy('cases_a_day_noticed = 1')
    const [first, second] = [await other.filed(), await other.filed({ ground: 'legal-order' }, 'quentin')]
    expect(await raised(second)).toEqual(['permit-rate'])
    expect(await raised(first)).toEqual(['requester-rate'])
  })

  it.each([
    ['IPP-staff', 'staff-as-patient'],
    ['IPP-known-face', 'restricted-patient'],
    ['IPP-restricted', 'restricted-patient'],
  ])('is raised by the record that is opened: %s, %s', async (patient, kind) => {
    expect(await raised(await carriedOut(patient))).toEqual([kind])
  })

  it('is raised when the same patient is opened again', async () => {
    await carriedOut('IPP-female-1')
    expect(await raised(await carriedOut('IPP-female-1'))).toEqual(['repeated-patient'])
  })

  it('is raised by a case beyond the most of a day, which is refused with 429', async () => {
    await policy('cases_a_day = 1')
    const { headers } = await desk.post('nadia', '', desk.asked()).expect(429)
    expect(headers['retry-after']).toBe('3600')
    const { body } = await hospital.app.get('dora', '/governance/alerts?limit=1').expect(200)
    expect(body).toMatchObject([{ kind: 'over-limit', permit: desk.permit, requester: 'nadia' }])
    expect((body as object[])[0]).not.toHaveProperty('reidentification')
  })

  it('is an AuditEvent of its own, a security alert', async () => {
    await policy(`desk_closes = '00:00'`)
    const id = await desk.filed()
    const events = (await desk.trail()).map((body) => JSON.parse(body) as AuditEvent)
    const alerts = events.filter(
      ({ type, entity }) =>
        type.code === '110113' && entity?.some(({ what }) => what?.reference === `Task/${id}`) === true,
    )
    expect(alerts.flatMap(({ subtype }) => subtype?.map(({ code }) => code))).toEqual(['alert-outside-hours'])
  })

  it('is not shown to the requester, nor told by the answer', async () => {
    await policy(`desk_closes = '00:00'`)
    const answer = await desk.post('nadia', '', desk.asked()).expect(201)
    expect(answer.text).not.toContain('outside-hours')
    for (const name of ['nadia', 'rene', 'phil', 'diane'] as const)
      await hospital.app.get(name, '/governance/alerts').expect(403)
    await hospital.app.get('aude', '/governance/alerts').expect(200)
  })

  it('is paged by id', async () => {
    const all = (await hospital.app.get('dora', '/governance/alerts?limit=200').expect(200)).body as {
      id: string
    }[]
    const [first, second] = all
    const page = await hospital.app
      .get('dora', `/governance/alerts?limit=1&before=${first?.id ?? ''}`)
      .expect(200)
    expect(page.body).toEqual([second])
    await hospital.app.get('dora', '/governance/alerts?before=x').expect(400)
  })
})

describe('who has no part in a case', () => {
  it.each(['rene', 'odile', 'claire', 'diane'] as const)('does not know of it: %s', async (name) => {
    const id = await desk.filed()
    await desk.get(name, `/${id}`).expect(404)
    expect((await desk.get(name).expect(200)).body).toEqual([])
  })

  it('reads its reason only by a part in it: the auditor does not', async () => {
    const { body } = await desk.get('aude', `/${await desk.filed()}`).expect(200)
    expect(body).toMatchObject({ ground: 'benefit-to-the-person', events: [] })
    expect(body).not.toHaveProperty('reason')
    expect(body).not.toHaveProperty('evidence')
  })

  it('pages through the cases without losing or repeating one', async () => {
    const all = (await desk.get('dora', '?limit=200').expect(200)).body as { id: string }[]
    const paged: { id: string }[] = []
    for (let before = ''; ; before = `&before=${paged.at(-1)?.id ?? ''}`) {
      const page = (await desk.get('dora', `?limit=7${before}`).expect(200)).body as { id: string }[]
      if (page.length === 0) break
      paged.push(...page)
    }
    expect(paged.map(({ id }) => id)).toEqual(all.map(({ id }) => id))
  })
})

describe('the words of a case', () => {
  it('are read as before when the key of the case is wrapped anew', async () => {
    const id = await desk.filed({ reason: 'As it was said' })
    const keyring = hospital.app.app.get(Keyring)
    await hospital.app.app.get(Store).transaction('care', async (tx) => {
      const keys = await caseKeysPlace.olderThan(tx, anyVersion, undefined, 1000)
      const anew = keys.map(async ({ id, wrapped, keyVersion, context }) => ({
        ...(await keyring.wrap(await keyring.unwrap(wrapped, keyVersion, context), context)),
        ...{ id, was: wrapped },
      }))
      await caseKeysPlace.replace(tx, await Promise.all(anew))
      const after = await caseKeysPlace.olderThan(tx, anyVersion, undefined, 1000)
      expect(after.map((key) => key.id)).toContain(id)
      expect(after.filter((key, index) => keys[index]?.wrapped.equals(key.wrapped))).toEqual([])
    })
    expect((await desk.get('nadia', `/${id}`).expect(200)).body).toMatchObject({ reason: 'As it was said' })
  })
})
