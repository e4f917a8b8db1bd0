import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { keysCommand, retireOnRecord, rotateOnRecord, table } from '../../src/cli/keys.ts'
import { readSettings, type Settings } from '../../src/config.ts'
import { demandVersions, listVersions } from '../../src/identity/key-versions.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import type { Keys } from '../../src/identity/rotation.ts'
import { Vault } from '../../src/identity/vault.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { freshDatabase } from '../support/database.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffre-keys-'))
let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store
let settings: Settings
let keys: Keys

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url, 8)
  settings = readSettings({ COFFRE_DATA_DIR: folder, DATABASE_URL: database.url })
  keys = { keyring: openKeyring(settings.keyringFile), store, places: wrappedPlaces }
  await demandVersions(keys)
  const rows = Array.from({ length: 3 }, () => ({ patient: randomUUID(), seal: 1n, content: 'x' }))
  await store.transaction('care', (tx) => new Vault(keys.keyring).write(tx, rows))
})

afterAll(async () => {
  await store.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

describe('coffre keys', () => {
  it('rotate tells each step, list what came of it, and both rotation and retirement are on record', async () => {
    const out = new PassThrough()
    await rotateOnRecord(keys, settings, out)
    out.end()
    expect((await text(out)).split('\n')).toEqual([
      ...['version 2 added', 'version 2 wraps from now on', 'version 1 wraps nothing any more'],
      ...['3 keys wrapped anew, all by version 2', 'coffre keys retire 1 takes it out of the keyring', ''],
    ])
    const today = new Date().toISOString().slice(0, 10)
    expect(table(await listVersions(keys)).split('\n')).toEqual([
      'version  state    since       in keyring  wraps',
      `1        retired  ${today}  yes         nothing`,
      `2        current  ${today}  yes         3 data keys`,
      '',
    ])
    await expect(retireOnRecord(keys, settings, 1)).rejects.toThrow('less than 10 minutes ago')
    const events = await store.read('audit', (tx) =>
      tx.query<{ codes: string }>(
        sql`SELECT concat_ws(' ', body::jsonb #>> '{subtype,1,code}', body::jsonb ->> 'outcome') codes
            FROM audit.event ORDER BY recorded_at`,
      ),
    )
    expect(events.map(({ codes }) => codes)).toEqual(['keys-rotate 0', 'keys-retire 4'])
  })

  it('explains each of its commands under --help', () => {
    const help = keysCommand().commands.map((command) => command.helpInformation())
    expect(help).toHaveLength(3)
    expect(help.every((one) => /^Usage: keys (?:list|rotate|retire)/.test(one))).toBe(true)
  })
})
