import { Command } from 'commander'
import { anchorFolder } from '../audit/anchor.ts'
import { keyPurpose } from '../audit/chain.ts'
import { verify, type Fault, type Verification } from '../audit/verify.ts'
import { readSettings, type Settings } from '../config.ts'
import { demandKeyringFile, openExistingKeys } from '../identity/open-keys.ts'
import { Database } from '../store/database.ts'
import { Store } from '../store/store.ts'
import { grouped, type Terminal } from './progress.ts'

/** `coffre audit …` */
export function auditCommand(): Command {
  return new Command('audit').description('the trail of every access').addCommand(
    new Command('verify')
      .description('find any event of the trail that was changed, removed, added or moved')
      .addHelpText('after', help)
      .action(async () => {
        const verification = await verifyTrail(readSettings(), process.stderr)
        process.stdout.write(report(verification))
        process.exitCode = verification.faults.length === 0 ? 0 : 1
      }),
  )
}

const help = `
Reads the whole trail under the keyring's key; the server may go on working meanwhile. The end of each
chain is compared with its anchor in the data dir: with several machines, run this on each.

Exit codes: 0 the trail is whole, 1 it is not, or could not be read.`

/** @param display for progress */
export async function verifyTrail(settings: Settings, display: Terminal): Promise<Verification> {
  demandKeyringFile(settings)
  const database = await Database.open(settings)
  const store = new Store(database.url, 4, database.vaultUrl)
  try {
    const key = (await openExistingKeys(settings, store)).derive(keyPurpose)
    return await verify(store, key, anchorFolder(settings.dataDir), (events) => {
      if (display.isTTY) display.write(`\r${grouped(events)} events`)
    })
  } finally {
    if (display.isTTY) display.write('\r')
    await store.close()
    await database.onApplicationShutdown()
  }
}

/** What the operator reads: how much there is and, when something is wrong, where. */
export function report({ chains, events, first, last, faults }: Verification): string {
  const time = first && last ? `, ${first.toISOString()} to ${last.toISOString()}` : ''
  const size = `audit trail: ${grouped(chains)} chains, ${grouped(events)} events${time}\n`
  if (faults.length === 0) return `${size}whole: each event is as it was written, and none is missing\n`
  const more = faults.length > 1 ? `and faults in ${faults.length - 1} more chains\n` : ''
  return `${size}NOT WHOLE: ${faults.slice(0, 1).map(place).join()}\n${more}`
}

function place({ kind, chain, sequence }: Fault): string {
  const what = sequence === 0 ? `the header of chain ${chain}` : `event ${sequence} of chain ${chain}`
  switch (kind) {
    case 'broken':
      return `${what} was changed, added or moved`
    case 'missing':
      return `${what} was removed`
    case 'stray':
      return `${what} belongs to no chain: its header was removed, or it was added`
    case 'anchor':
      return `the anchor ${chain} cannot be read`
  }
}
