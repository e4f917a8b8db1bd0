import { Injectable, type OnModuleInit } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { hash, verify } from '@node-rs/argon2'
import { randomBytes } from 'node:crypto'
import { In, Repository } from 'typeorm'
import { parseScopes, printScopes } from '../../access/scope.ts'
import { Settings, SettingsError } from '../../config.ts'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { Person } from '../entities.ts'
import { PersonRecord } from './person-record.ts'
import { readSettingsFile } from '../settings-file.ts'

const setting = 'COFFRE_USERS_FILE'

/** After so many failures in a row an account is locked for so long, whatever password comes. */
export const failuresBeforeLock = 5
export const lockMinutes = 15

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Built-in accounts. */
@Injectable()
export class People implements OnModuleInit {
  private nobodysHash = ''

  constructor(
    @InjectRepository(Person) private readonly table: Repository<Person>,
    private readonly seal: AuthSeal,
    private readonly settings: Settings,
  ) {}

  async onModuleInit(): Promise<void> {
    this.nobodysHash = await hash(randomBytes(16), argon2id)
  }

  /** Brings the people of `COFFRE_USERS_FILE` into the table. @throws SettingsError when one is wrong */
  async register(): Promise<void> {
    const file = this.settings.COFFRE_USERS_FILE
    if (file === undefined) return
    const records = readSettingsFile(setting, file, PersonRecord)
    records.forEach((record, index) => {
      const fault = this.faultOf(record)
      if (fault !== undefined) throw new SettingsError(`${setting}: entry ${index + 1}: ${fault}`)
    })
    if (new Set(records.map((record) => record.username)).size < records.length) {
      throw new SettingsError(`${setting}: a username that is there twice`)
    }
    const people = await Promise.all(
      records.map(async ({ username, name, roles, fhirUser, password, passwordHash, ...rights }) => ({
        ...{ username, name, roles },
        fhirUser: fhirUser === undefined ? null : this.seal.seal(fhirUser, sealedPlace.fhirUser(username)),
        scope: this.canonical(rights.scope),
        emergencyScope: this.canonical(rights.emergencyScope),
        passwordHash: passwordHash ?? (await hash(password ?? '', argon2id)),
      })),
    )
    if (people.length > 0) await this.table.upsert(people, ['username'])
  }

  private faultOf({ password, passwordHash, scope, emergencyScope }: PersonRecord): string | undefined {
    if ((password === undefined) === (passwordHash === undefined)) {
      return 'one of password and passwordHash is needed'
    }
    const rights = Object.entries({ scope, emergencyScope })
    const wrong = rights.find(([, text]) => text !== undefined && !this.isOfPeople(text))
    return wrong && `${wrong[0]}: holds what is no user/ or patient/ scope`
  }

  private isOfPeople(text: string): boolean {
    const scopes = parseScopes(text, this.settings.zone)
    return scopes.length === text.split(' ').length && scopes.every(({ context }) => context !== 'system')
  }

  private canonical(scope: string | undefined): string {
    return scope === undefined ? '' : printScopes(parseScopes(scope, this.settings.zone))
  }

  /**
   * The person with this name and password. The answer, and the work, are the same for a wrong
   * password, an unknown name and a locked account. An attempt is counted before the password is
   * looked at, so that many at once get no more guesses than one after the other; whoever opens the
   * session calls {@link forgetFailures}.
   *
   * @returns undefined when there is none, or the account is locked
   */
  async identify(username: string, password: string): Promise<Person | undefined> {
    const person = await this.attempt(username)
    const matches = await verify(person?.passwordHash ?? this.nobodysHash, password)
    return person && matches ? person : undefined
  }

  /** All that was asked for has been shown. */
  async forgetFailures(username: string): Promise<void> {
    await this.table.update({ username }, { failures: 0, lockedUntil: null })
  }

  /** Who has an account here under this user id; undefined: nobody. */
  async find(userId: string): Promise<Person | undefined> {
    return (await this.table.findOneBy({ username: userId })) ?? undefined
  }

  /** Names of people by user id; who has no account here is left out. */
  async names(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const people = await this.table.findBy({ username: In([...userIds]) })
    return new Map(people.map(({ username, name }) => [username, name]))
  }

  /** Counts an attempt to sign in. @returns undefined when the account is not there, or is locked */
  async attempt(username: string): Promise<Person | undefined> {
    const attempt = 'CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END'
    const counted = await this.table
      .createQueryBuilder()
      .update()
      .set({
        failures: () => attempt,
        lockedUntil: () =>
          `CASE WHEN ${attempt} >= ${failuresBeforeLock} THEN now() + interval '${lockMinutes} minutes' END`,
      })
      .where('username = :username AND (locked_until IS NULL OR locked_until <= now())', { username })
      .execute()
    return counted.affected === 1 ? ((await this.table.findOneBy({ username })) ?? undefined) : undefined
  }
}
