import { Evidence } from '../../src/identity/linkage/evidence.ts'
import { nextState, type Found, type Kept, type PairState } from '../../src/identity/linkage/pair-state.ts'
import { traitsOf } from '../../src/identity/linkage/traits.ts'
import { Keyring } from '../../src/identity/keyring.ts'

const evidence = Buffer.from('the same')
const alike: Found = { grade: 'probable', score: 21, byIns: false, evidence }
const byIns: Found = { grade: 'certain', score: 40, byIns: true, evidence }
const changed: Found = { ...alike, evidence: Buffer.from('another') }
const kept = (state: PairState, decidedBy?: string): Kept => ({ ...alike, state, decidedBy })

describe('a pair that is compared again', () => {
  it.each<[string, Kept | undefined, Found | undefined, PairState | undefined]>([
    ['new and not alike', undefined, undefined, undefined],
    ['new and alike', undefined, alike, 'open'],
    ['new, with one INS', undefined, byIns, 'linked'],
    ['open and still alike', kept('open'), alike, 'open'],
    ['open and alike no longer', kept('open'), undefined, undefined],
    ['open, with one INS now', kept('open'), byIns, 'linked'],
    ['linked by the server, with one INS still', kept('linked'), byIns, 'linked'],
    ['linked by the server, and no longer by INS', kept('linked'), alike, 'open'],
    ['linked by the server and alike no longer', kept('linked'), undefined, undefined],
    ['linked by a person and alike no longer', kept('linked', 'stella'), undefined, 'linked'],
    ['rejected and as it was', kept('rejected', 'stella'), alike, 'rejected'],
    ['rejected and alike no longer', kept('rejected', 'stella'), undefined, 'rejected'],
    ['rejected and known by something else', kept('rejected', 'stella'), changed, 'open'],
    ['rejected, with one INS as before', kept('rejected', 'stella'), byIns, 'rejected'],
    ['merged', kept('merged'), undefined, 'merged'],
  ])('that is %s', (_, before, found, after) => {
    expect(nextState(before, found)).toBe(after)
  })
})

describe('the evidence of a pair', () => {
  const person = (more: object = {}) =>
    traitsOf({
      resourceType: 'Patient',
      name: [{ family: 'Roux', given: ['Léa'] }],
      birthDate: '1990-02-03',
      ...more,
    })
  const of = new Evidence(new Keyring(Buffer.alloc(32, 7), new Map()))

  it('is one whichever of the two comes first, and whoever has moved', () => {
    const moved = person({
      telecom: [{ value: '0600000000' }],
      address: [{ line: ['2 rue X'], postalCode: '35000' }],
    })
    const [one, other] = [person({ gender: 'female' }), person()]
    expect(of.of(one, other)).toEqual(of.of(other, one))
    expect(of.of(one, moved)).toEqual(of.of(one, other))
  })

  it('is another when a name, a date or a sex is another, or the keyring', () => {
    const same = of.of(person(), person())
    for (const more of [{ birthDate: '1990-02-04' }, { gender: 'male' }, { name: [{ family: 'Roux' }] }]) {
      expect(of.of(person(), person(more))).not.toEqual(same)
    }
    const elsewhere = new Evidence(new Keyring(Buffer.alloc(32, 8), new Map()))
    expect(elsewhere.of(person(), person())).not.toEqual(same)
  })
})
