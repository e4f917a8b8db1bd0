import { randomBytes, randomUUID } from 'node:crypto'
import { Keyring } from '../../src/identity/keyring.ts'
import { sealedPlace, Vault } from '../../src/identity/vault.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url, 4)
})

afterAll(async () => {
  await store.close()
  await database.drop()
})

describe('the vault', () => {
  it('gives each patient his own, when rows of two have the same number', async () => {
    const vault = new Vault(new Keyring(randomBytes(32), new Map([[1, randomBytes(32)]])))
    const [one, two] = [randomUUID(), randomUUID()]
    const read = await store.transaction('care', async (tx) => {
      await vault.write(tx, [
        { patient: one, seal: 7n, content: 'of one' },
        { patient: two, seal: 7n, content: 'of two' },
      ])
      return vault.read(
        tx,
        [one, two].map((patient) => ({ patient, seal: '7' })),
      )
    })
    expect([one, two].map((patient) => read.get(sealedPlace(patient, 7n)))).toEqual(['of one', 'of two'])
  })
})
