import pg from 'pg'
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

  it('opens no row that was changed by a bit, cut, or put in the place of another', async () => {
    const vault = new Vault(new Keyring(randomBytes(32), new Map([[1, randomBytes(32)]])))
    const patient = randomUUID()
    const content = 'a name'
    await store.transaction('care', (tx) =>
      vault.write(
        tx,
        [1n, 2n, 3n, 4n].map((seal) => ({ patient, seal, content })),
      ),
    )
    const owner = new pg.Client({ connectionString: database.url })
    await owner.connect()
    const change = (seal: number, body: string) =>
      owner.query(`UPDATE identity.sealed SET body = ${body} WHERE patient = $1 AND seal = $2`, [
        patient,
        seal,
      ])
    await change(1, 'set_bit(body, 100, 1 - get_bit(body, 100))')
    await change(2, 'substr(body, 1, length(body) - 1)')
    await change(3, `(SELECT body FROM identity.sealed WHERE patient = $1 AND seal = 4)`)
    await owner.end()
    const read = (...seals: string[]) =>
      store.transaction('care', (tx) =>
        vault.read(
          tx,
          seals.map((seal) => ({ patient, seal })),
        ),
      )
    for (const seal of ['1', '2', '3']) {
      await expect(read(seal)).rejects.toThrow()
      await expect(read('4', seal)).rejects.toThrow()
    }
    expect([...(await read('4')).values()]).toEqual([content])
  })
})
