import type { AuditEvent } from 'fhir/r4.js'
import { canaries, Desk, mistyped, spelled } from './desk.ts'
import type { Name } from './governance-app.ts'
import { Hospital } from './hospital.ts'

let hospital: Hospital
let desk: Desk

beforeAll(async () => {
  hospital = await Hospital.open()
  const women = Array.from({ length: 4 }, (_, index) => ({
    ...{ resourceType: 'Patient', id: `IPP-known-${index}`, gender: 'female', birthDate: '1961-02-03' },
    name: [{ family: canaries.family, given: ['Elsa'] }],
    identifier: [{ system: 'urn:nir', value: canaries.identifier }],
    telecom: [{ system: 'phone', value: canaries.phone }],
  }))
  await hospital.app.admit(women)
  desk = await Desk.open(hospital)
})

afterAll(() => hospital.app.close())

/** The pseudonym of one of the women above. */
const pseudonymOf = (index: number) => desk.pseudonymOf(`IPP-known-${index}`)

describe('a re-identification', () => {
  it('is filed by a user, approved by two roles, and answered once to the recipient', async () => {
    const pseudonym = await pseudonymOf(0)
    const id = await desk.filed({ pseudonyms: [pseudonym] })
    const { body } = await desk.post('dora', `/${id}/approve`).expect(200)
    expect(body).toMatchObject({ status: 'open', reason: expect.stringContaining('potassium') })
    const second = await desk.post('phil', `/${id}/approve`).expect(200)
    expect(second.body).toMatchObject({ status: 'approved', events: [{ actor: 'dora' }, { actor: 'phil' }] })
    const told = await desk.post('denise', `/${id}/identity`).expect(200)
    expect(told.headers['cache-control']).toBe('no-store')
    expect(told.body).toEqual({
      ...{ id, ground: 'benefit-to-the-person' },
      identities: [
        {
          ...{ pseudonym, status: 'found' },
          patient: {
            id: 'IPP-known-0',
            identifier: [{ system: 'urn:nir', value: canaries.identifier }],
            name: [{ family: canaries.family, given: ['Elsa'] }],
            telecom: [{ system: 'phone', value: canaries.phone }],
            birthDate: '1961-02-03',
          },
        },
      ],
    })
    expect(await desk.status(id)).toBe('done')
    await desk.post('denise', `/${id}/identity`).expect(409)
    await desk.post('daniel', `/${id}/identity`).expect(409)
  })

  it('shows the identity to neither requester nor approvers, before or after', async () => {
    const id = await desk.approved({ pseudonyms: [await pseudonymOf(1)], reason: 'A finding' })
    for (const name of ['nadia', 'dora', 'phil'] as Name[])
      await desk.post(name, `/${id}/identity`).expect(403)
    await desk.post('denise', `/${id}/identity`).expect(200)
    const seen = [
      ...[await desk.get('nadia', `/${id}`), await desk.get('nadia'), await desk.get('dora', `/${id}`)],
      ...[await desk.get('phil', `/${id}`), await desk.get('aude', `/${id}`)],
      await hospital.app.get('dora', '/governance/alerts'),
    ]
    for (const { status, text } of seen) {
      expect(status).toBe(200)
      for (const canary of Object.values(canaries)) expect(text).not.toContain(canary)
    }
  })

  it('shows of the patient what the ground needs', async () => {
    const id = await desk.approved(
      { pseudonyms: [await pseudonymOf(2)], ground: 'rights-of-the-person' },
      'daniel',
    )
    const { body } = await desk.post('denise', `/${id}/identity`).expect(200)
    expect(Object.keys(body.identities[0].patient as object).sort()).toEqual([
      ...['birthDate', 'id', 'identifier', 'name'],
    ])
  })

  it('answers a care service through the physician it names, and nobody else', async () => {
    const recipient = { kind: 'care-service', service: 'Diabetology', person: 'paula' }
    const id = await desk.approved({ recipient })
    await desk.post('denise', `/${id}/identity`).expect(403)
    await desk.post('quentin', `/${id}/identity`).expect(403)
    expect((await desk.get('paula', `/${id}`).expect(200)).body).toMatchObject({ service: 'Diabetology' })
    await desk.post('paula', `/${id}/identity`).expect(200)
  })

  it('is answered to one of two who claim at once', async () => {
    const id = await desk.approved()
    const claims = await Promise.all(
      (['denise', 'daniel', 'quentin'] as Name[]).map((name) => desk.post(name, `/${id}/identity`)),
    )
    expect(claims.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  it('names the patient of a resource’s pseudonym', async () => {
    const id = await desk.filed({ pseudonyms: [spelled(`${await pseudonymOf(3)}-${'3'.repeat(18)}`)] })
    expect((await desk.get('nadia', `/${id}`)).body).toMatchObject({ pseudonyms: [await pseudonymOf(3)] })
  })

  it('finds several patients on the ground recontact, each once', async () => {
    const pseudonyms = [desk.pseudonym(1), desk.pseudonym(2), desk.pseudonym(3)]
    const id = await desk.approved({ pseudonyms, ground: 'recontact' })
    const { body } = await desk.post('denise', `/${id}/identity`).expect(200)
    const found = body.identities as { pseudonym: string; status: string }[]
    expect(found.map(({ pseudonym, status }) => [pseudonym, status])).toEqual(
      pseudonyms.map((pseudonym) => [pseudonym, 'found']),
    )
  })

  it('says nothing of who has a pseudonym until the desk is told: another permit’s, or a patient who left', async () => {
    const other = await Desk.of(hospital, (await hospital.permitted()).permit)
    // whom no other case is about: pseudonyms come in another order each time
    const known = await Promise.all([0, 1, 2, 3].map(pseudonymOf))
    const gone = desk.pseudonyms.slice(4).find((one) => !known.includes(one)) ?? ''
    await hospital.rows('DELETE FROM governance.permit_member WHERE permit = $1 AND pseudonym = $2', [
      ...[desk.permit, gone],
    ])
    for (const pseudonym of [other.pseudonym(), gone]) {
      const id = await desk.approved({ pseudonyms: [pseudonym] })
      const { body } = await desk.post('denise', `/${id}/identity`).expect(200)
      expect(body.identities).toEqual([{ pseudonym, status: 'withdrawn' }])
      expect(await desk.status(id)).toBe('done')
    }
  })
})

describe('a case is refused at filing', () => {
  it.each([
    ['a mistyped pseudonym', 400, 'pseudonyms[0]', () => ({ pseudonyms: [mistyped(desk.pseudonym())] })],
    ['another ground', 400, 'ground', () => ({ ground: 'curiosity' })],
    ['no reason', 400, 'reason', () => ({ reason: ' ' })],
    ['no evidence', 400, 'evidence', () => ({ evidence: undefined })],
    [
      'a care service without a person',
      400,
      'recipient.person',
      () => ({ recipient: { kind: 'care-service', service: 'X' } }),
    ],
    ['two pseudonyms', 422, 'pseudonyms', () => ({ pseudonyms: [desk.pseudonym(), desk.pseudonym(1)] })],
    ['more than the policy’s most', 422, 'pseudonyms', () => ({ ground: 'recontact', pseudonyms: many })],
    ['the requester as recipient', 422, 'recipient.person', () => service('nadia')],
    ['a person of the project as recipient', 422, 'recipient.person', () => service('rene')],
  ])('with %s: %i', async (_, status, where, changes) => {
    const answer = await desk.post('nadia', '', desk.asked(changes())).expect(status)
    expect(answer.body.issue[0].expression).toEqual([where])
    expect(answer.text).not.toContain('Zweistein')
  })

  it.each([
    ['who has no part in the permit', 'odile', 'benefit-to-the-person', 404],
    ['the requester of the data, who is no user of them', 'rene', 'benefit-to-the-person', 404],
    ['a physician', 'phil', 'benefit-to-the-person', 404],
    ['the dpo on a ground that is not the desk’s', 'dora', 'benefit-to-the-person', 403],
    ['the dpo for the rights of the person', 'dora', 'rights-of-the-person', 201],
    ['the dpo for a legal order', 'dora', 'legal-order', 201],
  ] as const)('or not, by %s: %s, %s, %i', async (_, name, ground, status) => {
    await desk.post(name, '', desk.asked({ ground })).expect(status)
  })
})

describe('a case is approved by two people of two roles from outside', () => {
  it('and not twice by one person, nor by two of one role', async () => {
    const id = await desk.filed()
    await desk.post('quentin', `/${id}/approve`).expect(200)
    await desk.post('quentin', `/${id}/approve`).expect(409)
    await desk.post('dora', `/${id}/approve`).expect(409)
    await desk.post('phil', `/${id}/approve`).expect(200)
    expect(await desk.status(id)).toBe('approved')
    await desk.post('paula', `/${id}/approve`).expect(409)
  })

  it.each([
    ['its requester', 'nadia', 403],
    ['a committee member without the role', 'charles', 404],
    ['an auditor', 'aude', 403],
  ] as const)('and not by %s', async (_, name, status) => {
    await desk.post(name, `/${await desk.filed()}/approve`).expect(status)
  })

  it('and not by a dpo who filed it, nor by the physician who is to be told', async () => {
    const asked = { ground: 'legal-order', recipient: { kind: 'care-service', service: 'X', person: 'phil' } }
    const id = await desk.filed(asked, 'dora')
    await desk.post('dora', `/${id}/approve`).expect(403)
    await desk.post('phil', `/${id}/approve`).expect(403)
    await desk.post('denise', `/${id}/approve`).expect(200)
    await desk.post('paula', `/${id}/approve`).expect(200)
    await desk.post('phil', `/${id}/identity`).expect(200)
  })

  it('and is answered to nobody before', async () => {
    const id = await desk.filed()
    await desk.post('denise', `/${id}/identity`).expect(409)
    await desk.post('dora', `/${id}/approve`).expect(200)
    await desk.post('denise', `/${id}/identity`).expect(409)
  })

  it('or refused by one of them, with a reason, for good', async () => {
    const id = await desk.approved()
    await desk.post('denise', `/${id}/refuse`).expect(400)
    const { body } = await desk.post('denise', `/${id}/refuse`, { reason: 'not urgent' }).expect(200)
    expect(body).toMatchObject({ status: 'refused', refusal: 'not urgent' })
    await desk.post('daniel', `/${id}/identity`).expect(409)
    await desk.post('nadia', `/${id}/withdraw`).expect(409)
  })

  it('or withdrawn by its requester alone', async () => {
    const id = await desk.approved()
    await desk.post('denise', `/${id}/withdraw`).expect(403)
    await desk.post('nadia', `/${id}/withdraw`).expect(200)
    expect(await desk.status(id)).toBe('withdrawn')
    await desk.post('denise', `/${id}/identity`).expect(409)
  })

  it('and lapses when the approvals have lived as long as the policy lets them', async () => {
    const id = await desk.filed()
    await hospital.rows(`UPDATE governance.policy SET approvals_live_for = '1 millisecond'`)
    await desk.post('dora', `/${id}/approve`).expect(200)
    await hospital.rows(`UPDATE governance.policy SET approvals_live_for = '24 hours'`)
    expect(await desk.status(id)).toBe('lapsed')
    await desk.post('phil', `/${id}/approve`).expect(409)
    await desk.post('denise', `/${id}/identity`).expect(409)
  })

  it('and falls with the permit, unless the privacy desk filed it', async () => {
    const ending = await Desk.of(hospital, (await hospital.permitted()).permit)
    const users = await ending.approved()
    const desks = await ending.approved({ ground: 'legal-order' }, 'daniel')
    await hospital.app
      .post('diane', `/governance/permits/${ending.permit}/revoke`, { reason: 'misuse' })
      .expect(200)
    await ending.post('denise', `/${users}/identity`).expect(409)
    await ending.post('nadia', '', ending.asked()).expect(409)
    await ending.post('denise', `/${desks}/identity`).expect(200)
  })
})

describe('what a case leaves', () => {
  it('is sealed words, and no identity, in the database', async () => {
    await desk.filed({ pseudonyms: [await pseudonymOf(0)] })
    const rows = await hospital.rows<{ row: string }>(
      `SELECT r::text AS row FROM governance.reidentification r
       UNION ALL SELECT e::text FROM governance.reidentification_event e
       UNION ALL SELECT d::text FROM governance.reidentified d UNION ALL SELECT a::text FROM governance.alert a`,
    )
    const all = rows.map(({ row }) => row).join('\n')
    const written = [...Object.values(canaries), 'potassium', 'Report 2026-118', 'Diabetology', 'not urgent']
    expect(all).toContain(desk.permit)
    const forms = written.flatMap((text) => [text, Buffer.from(text).toString('hex')])
    for (const text of forms) expect(all).not.toContain(text)
  })

  it('is an AuditEvent `reidentify` that names the patient by key, the case and the ground', async () => {
    const pseudonym = await pseudonymOf(1)
    const id = await desk.approved({ pseudonyms: [pseudonym] })
    await desk.post('denise', `/${id}/identity`).expect(200)
    const bodies = await desk.trail()
    const events = bodies.map((body) => JSON.parse(body) as AuditEvent)
    const event = events.find(
      ({ subtype, entity }) =>
        subtype?.some(({ code }) => code === 'reidentify') &&
        entity?.some(({ what }) => what?.reference === `Task/${id}`),
    )
    expect(event?.subtype?.[0]).toMatchObject({
      system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
      code: 'reidentify',
    })
    const key = await desk.keyOf('IPP-known-1')
    expect(event?.entity?.map(({ what }) => what?.reference)).toContain(`Patient/${key}`)
    expect(event?.entity?.flatMap(({ detail }) => detail ?? [])).toContainEqual({
      type: 'ground',
      valueString: 'benefit-to-the-person',
    })
    for (const text of [...Object.values(canaries), pseudonym, 'potassium'])
      expect(bodies.join('\n')).not.toContain(text)
  })

  it('is, for the patient’s access report, who was told, when and on what ground', async () => {
    const id = await desk.approved({ pseudonyms: [await pseudonymOf(2)] })
    await desk.post('denise', `/${id}/identity`).expect(200)
    const rows = await hospital.rows(
      `SELECT c.ground, c.permit, e.actor FROM governance.reidentified d
       JOIN governance.reidentification c ON c.id = d.reidentification
       JOIN governance.reidentification_event e ON e.reidentification = c.id AND e.action = 'carry-out'
       WHERE d.patient = $1 AND c.id = $2`,
      [await desk.keyOf('IPP-known-2'), id],
    )
    expect(rows).toEqual([{ ground: 'benefit-to-the-person', permit: desk.permit, actor: 'denise' }])
  })
})

/** More than the policy lets into one case. */
const many = Array.from({ length: 51 }, (_, index) =>
  spelled(`${'3'.repeat(16)}${'34679bcdfh'[Math.floor(index / 10)] ?? ''}${'34679bcdfh'[index % 10] ?? ''}`),
)

const service = (person: string) => ({ recipient: { kind: 'care-service', service: 'X', person } })
