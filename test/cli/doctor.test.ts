import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examine, nodeVersion, type Finding } from '../../src/cli/doctor.ts'
import { failure } from '../../src/cli/failure.ts'
import { readSettings } from '../../src/config.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { demandVersions } from '../../src/identity/key-versions.ts'
import { openKeyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { Store } from '../../src/store/store.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { freshDatabase } from '../support/database.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffre-doctor-'))
})
afterEach(() => rm(folder, { recursive: true }))

function named(findings: readonly Finding[], name: string): Finding | undefined {
  return findings.find((finding) => finding.name === name)
}

describe('coffre doctor', () => {
  it('finds nothing wrong with a fresh installation on the embedded database', async () => {
    const findings = await examine(readSettings({ COFFRE_DATA_DIR: join(folder, 'data') }))
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(named(findings, 'FHIR definitions')?.detail).toBe('R4, 146 resource types')
  })

  it.each([
    ['20.18.3', false],
    ['18.20.0', false],
    ['20.19.0', true],
    ['24.1.0', true],
  ])('judges Node.js %s', (version, ok) => {
    expect(nodeVersion(version).ok).toBe(ok)
  })

  it('finds a keyring that others can read', async () => {
    const file = join(folder, 'keyring.json')
    openKeyring(file)
    await chmod(file, 0o644)
    const open = await examine(readSettings({ COFFRE_DATA_DIR: folder }))
    expect(named(open, 'keyring')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('chmod 600') as string,
    })
    await chmod(file, 0o600)
    const closed = named(await examine(readSettings({ COFFRE_DATA_DIR: folder })), 'keyring')
    expect(closed).toEqual({ name: 'keyring', ok: true, detail: `${file}, versions 1` })
  })

  it('finds a keyring that cannot be read, and says nothing of what it holds', async () => {
    await writeFile(join(folder, 'keyring.json'), '{"root":"c2VjcmV0"', { mode: 0o600 })
    expect(named(await examine(readSettings({ COFFRE_DATA_DIR: folder })), 'keyring')).toEqual({
      ...{ name: 'keyring', ok: false },
      detail: `COFFRE_KEYRING: ${join(folder, 'keyring.json')} is not a keyring`,
    })
  })

  it('finds a version that the database needs and the keyring lacks', async () => {
    const database = await freshDatabase()
    const store = new Store(database.url, 2)
    try {
      const keyring = openKeyring(join(folder, 'keyring.json'))
      await demandVersions({ keyring, store, places: wrappedPlaces })
      await store.transaction('care', (tx) =>
        new Vault(keyring).write(tx, [{ patient: randomUUID(), seal: 1n, content: 'x' }]),
      )
      const settings = readSettings({ COFFRE_DATA_DIR: folder, DATABASE_URL: database.url })
      expect(named(await examine(settings), 'key versions')).toMatchObject({ ok: true, detail: '1 current' })
      const ring = JSON.parse(await readFile(join(folder, 'keyring.json'), 'utf8')) as { keys: object[] }
      const other = { ...ring, keys: [{ ...ring.keys[0], version: 2 }] }
      await writeFile(join(folder, 'keyring.json'), JSON.stringify(other))
      expect(named(await examine(settings), 'key versions')).toMatchObject({
        ...{ ok: false, detail: 'the keyring lacks 1; see COFFRE_KEYRING' },
      })
    } finally {
      await store.close()
      await database.drop()
    }
  })

  it('finds an anchor of the audit trail that was overwritten', async () => {
    await mkdir(join(folder, 'audit'))
    await writeFile(join(folder, 'audit', '0b0c.anchor'), 'x')
    expect(named(await examine(readSettings({ COFFRE_DATA_DIR: folder })), 'audit trail')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('0b0c.anchor is not an anchor') as string,
    })
  })

  it('tells the version of the database that DATABASE_URL names', async () => {
    const database = await freshDatabase()
    try {
      const findings = await examine(readSettings({ COFFRE_DATA_DIR: folder, DATABASE_URL: database.url }))
      expect(named(findings, 'PostgreSQL')).toMatchObject({
        ok: true,
        detail: expect.stringMatching(/^18/) as string,
      })
    } finally {
      await database.drop()
    }
  })

  it('finds a database that does not answer, without telling its password', async () => {
    const settings = readSettings({
      COFFRE_DATA_DIR: folder,
      DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/coffre',
    })
    const findings = await examine(settings)
    expect(named(findings, 'PostgreSQL')).toMatchObject({ ok: false })
    expect(JSON.stringify(findings)).not.toContain('secret')
  })

  it('passes on what is wrong with the settings', async () => {
    const wrong = { name: 'settings', ok: false, detail: 'PORT: …' }
    expect(named(await examine(wrong), 'settings')).toBe(wrong)
  })
})

describe('what a command says when it fails', () => {
  it('is our own message, which names no value', () => {
    expect(failure(FhirError.rule('no such rule'))).toBe('no such rule')
  })

  it('is kind, code and place of any other error, and not the message, which may quote a record', () => {
    const error = Object.assign(new RangeError('invalid input syntax: "Jean Martin"'), { code: '22P02' })
    expect(failure(error)).toMatch(/^failed: RangeError 22P02\n {4}at /)
    expect(failure(error)).not.toContain('Martin')
  })
})
