import { Command, InvalidArgumentError } from 'commander'
import { anchorFolder } from '../audit/anchor.ts'
import { keyPurpose } from '../audit/chain.ts'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { readSettings, SettingsError, type Settings } from '../config.ts'
import { demandVersions, listVersions, retire, told, type ListedVersion } from '../identity/key-versions.ts'
import { demandKeyringFile, openExistingKeys } from '../identity/open-keys.ts'
import { rotate, type Keys, type Rotation, type Step } from '../identity/rotation.ts'
import { Database } from '../store/database.ts'
import { Store } from '../store/store.ts'
import { wrappedPlaces } from '../wrapped-places.ts'
import { grouped, type Terminal } from './progress.ts'

/** `coffre keys …` */
export function keysCommand(): Command {
  return new Command('keys')
    .description('the versions of the key that wraps all other keys')
    .addCommand(
      new Command('list')
        .description('tell what each version wraps, and whether the keyring has it')
        .action(() => withKeys(async (keys) => void process.stdout.write(table(await listVersions(keys))))),
    )
    .addCommand(
      new Command('rotate')
        .description('add a version and wrap every key anew under it, while servers run')
        .addHelpText('after', rotateHelp)
        .action(() => withKeys((keys, settings) => rotateOnRecord(keys, settings, process.stdout))),
    )
    .addCommand(
      new Command('retire')
        .description('take a version that wraps nothing out of the keyring, for good')
        .argument('<version>', 'a retired version, see coffre keys list', wholeNumber)
        .addHelpText('after', retireHelp)
        .action((version: number) =>
          withKeys(async (keys, settings) => {
            await retireOnRecord(keys, settings, version)
            process.stdout.write(
              `version ${version} is no longer in the keyring; nothing was wrapped by it\n`,
            )
          }),
        ),
    )
}

const rotateHelp = `
Stopped at any moment, even by a power cut, it has lost nothing: run again, it finishes what was begun.
The root secret, from which the keys of hashes are derived, stays.

Exit codes: 0 every key is wrapped by the new version, 1 not yet.`

const retireHelp = `
A back-up of the database from before the rotation can be read only with the version in the keyring:
keep a copy of the keyring for as long as you keep such back-ups.

Exit codes: 0 it is gone, 1 it is still there.`

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a version is a whole number.')
  return Number(text)
}

/** Opens keyring and database for a command; servers may run on both. */
async function withKeys(work: (keys: Keys, settings: Settings) => Promise<void>): Promise<void> {
  const settings = readSettings()
  demandKeyringFile(settings)
  const database = await Database.open(settings)
  const store = new Store(database.url, 4, database.vaultUrl)
  try {
    await work({ keyring: await openExistingKeys(settings, store), store, places: wrappedPlaces }, settings)
  } finally {
    await store.close()
    await database.onApplicationShutdown()
  }
}

/** Rotates, tells the operator how far it is, and puts it on record. */
export async function rotateOnRecord(keys: Keys, settings: Settings, out: Terminal): Promise<void> {
  await demandVersions(keys)
  const rotation = await onRecord(keys, settings, 'keys-rotate', () => rotate(keys, progress(out)))
  out.write(summary(rotation))
}

export async function retireOnRecord(keys: Keys, settings: Settings, version: number): Promise<void> {
  await onRecord(keys, settings, 'keys-retire', () => retire(keys, version, new Date()))
}

/** What was done with keys, and what was tried, is on the trail like every access. */
async function onRecord<T>(
  { store, keyring }: Keys,
  { dataDir, publicUrl }: Settings,
  interaction: string,
  work: () => Promise<T>,
): Promise<T> {
  const key = keyring.derive(keyPurpose)
  const trail = await Trail.open({ store, key, anchors: anchorFolder(dataDir), publicUrl })
  const record = (outcome: AuditedAccess['outcome']) =>
    trail.record({
      ...{ action: 'E', interaction, outcome, base: '/cli', entities: [], patients: [], at: new Date() },
      access: { caller: { clientId: 'coffre-cli', userId: undefined, tokenId: 'cli', ip: undefined } },
    })
  try {
    const result = await work()
    await record('success')
    return result
  } catch (error) {
    await record(error instanceof SettingsError ? 'refused' : 'failed')
    throw error
  } finally {
    await trail.close()
  }
}

/** A line for each step; of what is wrapped anew one line in 100,000 keys, or one that moves. */
function progress(out: Terminal): (step: Step) => void {
  let wrapped = 0
  return (step) => {
    switch (step.step) {
      case 'added':
        return void out.write(`version ${step.keyVersion} added\n`)
      case 'recorded':
        return void out.write(`version ${step.keyVersion} wraps from now on\n`)
      case 'retired':
        return void out.write(`version ${step.keyVersion} wraps nothing any more\n`)
      case 'rewrapped': {
        const lines = Math.floor(wrapped / 100_000)
        wrapped += step.count
        if (out.isTTY === true) out.write(`\r${grouped(wrapped)} keys\r`)
        else if (Math.floor(wrapped / 100_000) > lines) out.write(`${grouped(wrapped)} keys\n`)
      }
    }
  }
}

function summary({ keyVersion, isContinued, rewrapped, retired }: Rotation): string {
  const finished = isContinued ? 'the rotation that was begun is finished: ' : ''
  const next = retired.map((version) => `coffre keys retire ${version} takes it out of the keyring\n`)
  return `${finished}${grouped(rewrapped)} keys wrapped anew, all by version ${keyVersion}\n${next.join('')}`
}

/** What the operator reads of versions. */
export function table(versions: readonly ListedVersion[]): string {
  const rows = versions.map(({ version, state, isHeld, createdAt, wraps }) => [
    ...[String(version), state, createdAt?.toISOString().slice(0, 10) ?? ''],
    ...[isHeld ? 'yes' : wraps.size > 0 ? 'NO' : 'no', told(wraps)],
  ])
  const all = [['version', 'state', 'since', 'in keyring', 'wraps'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
    .join('')
}
