import fc from 'fast-check'
import {
  isPseudonym,
  memberSecret,
  patientKeys,
  patientOf,
  permitKeys,
  resourcePseudonym,
  uid,
  type PermitKeys,
} from '../../src/deid/pseudonym.ts'

const permit = permitKeys(Buffer.alloc(32, 1))
const other = permitKeys(Buffer.alloc(32, 2))
/** What a patient has within a permit; every text is somebody's secret in the warehouse. */
const keysOf = (keys: PermitKeys, patient: string) => patientKeys(memberSecret(keys, Buffer.from(patient)))
const alphabet = [...'34679bcdfhjkmnprstvwxyz']
const isId = /^[A-Za-z0-9\-.]{1,64}$/

const ids = [
  keysOf(permit, 'a').pseudonym,
  resourcePseudonym(permit, undefined, 'Medication', 'm'),
  resourcePseudonym(permit, keysOf(permit, 'a'), 'Observation', 'o'),
]

describe('a pseudonym', () => {
  it('is a FHIR id, and is known as a pseudonym', () => {
    for (const id of ids) {
      expect(id).toMatch(isId)
      expect(isPseudonym(id)).toBe(true)
    }
  })

  it('stays what it is for the same permit', () => {
    expect(ids).toEqual([
      'zmdfjf3m7fb7hspzcs9',
      'smvccwzyd7rks9pvdtb',
      'zmdfjf3m7fb7hspzcs9-fhwr4nc44jz9b3j3kv7',
    ])
  })

  it('finds every single wrong character', () => {
    for (const id of ids) {
      for (let i = 0; i < id.length; i++) {
        for (const digit of alphabet.filter((one) => one !== id[i])) {
          expect(isPseudonym(id.slice(0, i) + digit + id.slice(i + 1))).toBe(false)
        }
      }
    }
  })

  it('finds two that changed places across the hyphen, and two with one between them', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (patient, id) => {
        const text = resourcePseudonym(permit, keysOf(permit, patient), 'Observation', id)
        for (let i = 0; i + 2 < text.length; i++) {
          const [left, between, right] = [text[i] ?? '', text[i + 1] ?? '', text[i + 2] ?? '']
          if (left === right) continue
          expect(isPseudonym(text.slice(0, i) + right + between + left + text.slice(i + 3))).toBe(false)
        }
      }),
    )
  })

  it('finds every two neighbours that changed places', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (patient, id) => {
        const text = resourcePseudonym(permit, keysOf(permit, patient), 'Observation', id)
        for (let i = 0; i + 1 < text.length; i++) {
          if (text[i] === text[i + 1]) continue
          const swapped = text.slice(0, i) + (text[i + 1] ?? '') + (text[i] ?? '') + text.slice(i + 2)
          expect(isPseudonym(swapped)).toBe(false)
        }
      }),
    )
  })

  it('is not taken from an id of the source, nor from a text that holds one', () => {
    fc.assert(fc.property(fc.uuid(), (id) => !isPseudonym(id)))
    expect(isPseudonym(`${ids[0]}\n`)).toBe(false)
    expect(isPseudonym(` ${ids[0]}`)).toBe(false)
    expect(isPseudonym('')).toBe(false)
  })

  it('of a resource leads to its patient, and to nobody when it is nobody’s', () => {
    expect(patientOf(ids[2] ?? '')).toBe(ids[0])
    expect(patientOf(ids[1] ?? '')).toBeUndefined()
    expect(patientOf('bcd-bcd')).toBeUndefined()
  })

  it('differs by type, by id and by patient', () => {
    const a = keysOf(permit, 'a')
    const b = keysOf(permit, 'b')
    const all = [
      resourcePseudonym(permit, a, 'Observation', '1'),
      resourcePseudonym(permit, a, 'Condition', '1'),
      resourcePseudonym(permit, a, 'Observation', '2'),
      resourcePseudonym(permit, b, 'Observation', '1'),
      resourcePseudonym(permit, undefined, 'Observation', '1'),
    ]
    expect(new Set(all.map((id) => id.slice(-19))).size).toBe(all.length)
  })

  it('does not occur twice among 50,000', () => {
    const keys = keysOf(permit, 'a')
    const all = Array.from({ length: 50_000 }, (_, n) =>
      resourcePseudonym(permit, keys, 'Observation', String(n)),
    )
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('two permits', () => {
  it('share no pseudonym and no UID of any source', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (patient, id) => {
        const made = [permit, other].map((keys) => {
          const owner = keysOf(keys, patient)
          return [
            owner.pseudonym,
            resourcePseudonym(keys, owner, 'Observation', id).slice(-19),
            resourcePseudonym(keys, undefined, 'Observation', id),
            uid(keys, id),
          ]
        })
        expect(new Set(made.flat()).size).toBe(8)
      }),
    )
  })

  it('give a patient offsets that have nothing to do with each other', () => {
    const n = 5000
    const same = Array.from(
      { length: n },
      (_, i) => keysOf(permit, `p${i}`).shiftDays === keysOf(other, `p${i}`).shiftDays,
    )
    // by chance 1 in 730: about 7 of 5000
    expect(same.filter(Boolean).length).toBeLessThan(25)
  })

  it('are not made from a secret that is too short', () => {
    expect(() => permitKeys(Buffer.alloc(31))).toThrow(TypeError)
  })
})

describe('the offset of a patient', () => {
  const n = 73_000
  const counts = new Map<number, number>()
  for (let i = 0; i < n; i++) {
    const days = keysOf(permit, `patient-${i}`).shiftDays
    counts.set(days, (counts.get(days) ?? 0) + 1)
  }

  it('is never 0 and never longer than 365 days', () => {
    expect(counts.has(0)).toBe(false)
    expect([...counts.keys()].every((days) => Number.isInteger(days) && Math.abs(days) <= 365)).toBe(true)
  })

  it('takes every value, each as likely as another', () => {
    expect(counts.size).toBe(730)
    const expected = n / 730
    const chiSquared = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    )
    // 729 degrees of freedom: mean 729, standard deviation 38; five of them away is one in millions
    expect(Math.abs(chiSquared - 729)).toBeLessThan(5 * 38)
  })
})

describe('a UID', () => {
  it('is a DICOM UID under 2.25, the same wherever the source has it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const made = uid(permit, text)
        expect(made).toMatch(/^2\.25\.(0|[1-9]\d{0,38})$/)
        expect(made.length).toBeLessThanOrEqual(64)
        expect(uid(permit, text)).toBe(made)
      }),
    )
  })
})
