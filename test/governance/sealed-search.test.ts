import { randomBytes } from 'node:crypto'
import type { ValueCriterion } from '../../src/fhir/search/query.ts'
import { SealedSearch } from '../../src/governance/sealed-search.ts'
import { BlindIndex } from '../../src/identity/blind-index.ts'
import { Keyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { Searchable } from '../support/searchable.ts'
import { base, parse, strict } from '../support/search.ts'

const keyring = new Keyring(randomBytes(32), new Map([[1, randomBytes(32)]]))
const within = { type: 'Patient', criteria: [], patients: undefined, permit: undefined, anyOf: [] }
let all: Searchable
let sealed: SealedSearch

beforeAll(async () => {
  const coded = ['Fièvre', 'Fibrillation', 'Figure'].map((text, n) => ({
    ...{ resourceType: 'Condition', id: `c${n}`, subject: { reference: 'Patient/p0' }, code: { text } },
  }))
  const named = ['Martin', 'Marty', 'Remart'].map((family, n) => ({
    ...{ resourceType: 'Patient', id: `p${n}`, name: [{ family }] },
  }))
  all = await Searchable.with([...named, ...coded], strict.zone, keyring)
  const options = { zone: strict.zone, base }
  sealed = new SealedSearch(new Vault(keyring), new BlindIndex(keyring, strict.zone), options, {
    rows: 2,
    texts: 2,
  })
})

afterAll(() => all.close())

function criterion(search: string): ValueCriterion {
  const [one] = parse(search).query.criteria
  if (one?.kind !== 'value') throw new TypeError('a plain criterion expected')
  return one
}

const tooCostly = { status: 400, issues: [expect.objectContaining({ code: 'too-costly' })] }

describe('A search over what is sealed', () => {
  it('opens as many rows as it may, and refuses to open more', async () => {
    const find = (text: string) => all.store.read('care', (tx) => sealed.byHash(tx, within, criterion(text)))
    await expect(find('Patient?name:contains=marti')).resolves.toMatchObject({
      kind: 'ids',
      ids: [expect.any(String)],
    })
    await expect(find('Patient?name:contains=mart')).rejects.toMatchObject(tooCostly)
  })

  it('asks for as many texts as it may, and refuses to ask for more', async () => {
    const find = (text: string) =>
      all.store.read('care', (tx) => sealed.byText(tx, 'Condition', criterion(text)))
    await expect(find('Condition?code:text=fi')).rejects.toMatchObject(tooCostly)
    await expect(find('Condition?code:text=fib')).resolves.toMatchObject({ tokens: [expect.any(BigInt)] })
  })
})
