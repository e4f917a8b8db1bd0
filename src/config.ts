import 'reflect-metadata'
import { plainToInstance, Transform } from 'class-transformer'
import {
  getMetadataStorage,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateIf,
  validateSync,
  type ValidationError,
} from 'class-validator'
import { resolve } from 'node:path'

const number = () =>
  Transform(({ value }: { value: unknown }) => (value === undefined ? undefined : Number(value)))
const postgresUrl = () =>
  IsUrl({
    protocols: ['postgres', 'postgresql'],
    require_tld: false,
    require_protocol: true,
    require_host: false,
  })

/** https, or http on loopback; each ends in a slash, so that a host cannot go on. */
const listOfUrls =
  /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1)[:/])\S*\/(?:\s+(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1)[:/])\S*\/)*$/

/** A path, or the URL of a key: https, or http on loopback; no user, no query. */
const fileOrTransit =
  /^(?:(?![\w+]+:\/\/).*|transit\+(?:https:\/\/[\w.:[\]-]+|http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?)\/v1\/[\w./-]+\/keys\/[\w.-]+)$/

/** The process's settings, all of them. Read from the environment once, here and nowhere else. */
export class Settings {
  /** TCP port of the server; 0 takes a free one */
  @number()
  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT = 8080

  /** where clients reach this server, without a trailing slash; unset: `http://localhost:{PORT}` */
  @IsOptional()
  @IsUrl({ protocols: ['http', 'https'], require_tld: false, require_protocol: true })
  COFFRE_PUBLIC_URL: string | undefined

  /** folder of the embedded cluster, the keyring and the safes */
  @IsString()
  COFFRE_DATA_DIR = '.coffre'

  /** unset: embedded PostgreSQL under the data dir */
  @IsOptional()
  @postgresUrl()
  DATABASE_URL: string | undefined

  /**
   * the identity vault, where it is on a PostgreSQL server of its own; unset: schema `identity` of the
   * database of the clinical rows
   */
  @IsOptional()
  @postgresUrl()
  COFFRE_IDENTITY_DATABASE_URL: string | undefined

  /**
   * the keyring file, or a key of a Transit engine: `transit+https://host/v1/transit/keys/name`; unset:
   * `keyring.json` in the data dir
   */
  @IsOptional()
  @Matches(fileOrTransit, {
    message: 'COFFRE_KEYRING: a file, or transit+https://host/v1/transit/keys/name expected',
  })
  COFFRE_KEYRING: string | undefined

  /** file that holds the token for the key service */
  @ValidateIf(({ COFFRE_KEYRING }: Settings) => COFFRE_KEYRING?.startsWith('transit+') ?? false)
  @IsString({ message: 'COFFRE_KEYRING_TOKEN_FILE: needed, since COFFRE_KEYRING names a key service' })
  COFFRE_KEYRING_TOKEN_FILE: string | undefined

  /** namespace of the key in the key service */
  @IsOptional()
  @Matches(/^[\w./-]+$/, { message: 'COFFRE_KEYRING_NAMESPACE: a path expected' })
  COFFRE_KEYRING_NAMESPACE: string | undefined

  /** JSON array of OAuth clients (RFC 7591 metadata plus `scope`), upserted at start */
  @IsOptional()
  @IsString()
  COFFRE_CLIENTS_FILE: string | undefined

  /** JSON array of console users and their roles, upserted at start */
  @IsOptional()
  @IsString()
  COFFRE_USERS_FILE: string | undefined

  /** JSON array of `{ issuer, jwks_uri, audience }`: OpenID providers whose tokens are taken */
  @IsOptional()
  @IsString()
  COFFRE_TRUSTED_ISSUERS: string | undefined

  /** export jobs that this process works on at once; 0: none, another process does */
  @number()
  @IsInt()
  @Min(0)
  @Max(64)
  COFFRE_WORKERS = 1

  /**
   * whether this process looks for people who have two records; `off` on all where a patient index outside
   * does it. Who is written meanwhile is looked at when it is on again
   */
  @IsIn(['on', 'off'])
  COFFRE_LINKAGE: 'on' | 'off' = 'on'

  /**
   * how much is asked of resources that are written: `off`, `structure` or `profile`, and of single
   * types: `structure,Observation=profile,Binary=off`
   */
  @IsString()
  COFFRE_VALIDATION = 'structure'

  /**
   * URLs that the endpoints of Subscriptions may begin with, blanks between them:
   * `https://ehr.example/hooks/`. Unset: no Subscription is served
   */
  @IsOptional()
  @Matches(listOfUrls, {
    message: 'COFFRE_SUBSCRIPTION_ENDPOINTS: https URLs that end in / expected, blanks between them',
  })
  COFFRE_SUBSCRIPTION_ENDPOINTS: string | undefined

  /** URLs that `$import` may fetch from, in the same form. Unset: none */
  @IsOptional()
  @Matches(listOfUrls, {
    message: 'COFFRE_IMPORT_SOURCES: https URLs that end in / expected, blanks between them',
  })
  COFFRE_IMPORT_SOURCES: string | undefined

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL = 'info'

  /** the hospital's time zone, in which partial and zone-less dates are read */
  get zone(): string {
    return 'Europe/Paris'
  }

  /** what the endpoints of Subscriptions may begin with */
  get notifiable(): readonly string[] {
    return this.COFFRE_SUBSCRIPTION_ENDPOINTS?.split(/\s+/) ?? []
  }

  /** what the inputs of imports may begin with */
  get importable(): readonly string[] {
    return this.COFFRE_IMPORT_SOURCES?.split(/\s+/) ?? []
  }

  get dataDir(): string {
    return resolve(this.COFFRE_DATA_DIR)
  }

  /** `https://host/v1/transit/keys/name`; undefined where the keyring is a file */
  get keyServiceUrl(): string | undefined {
    return /^transit\+(.*)$/.exec(this.COFFRE_KEYRING ?? '')?.[1]
  }

  get keyringFile(): string {
    return resolve(this.COFFRE_KEYRING ?? `${this.dataDir}/keyring.json`)
  }

  /** absolute, without a trailing slash */
  get publicUrl(): string {
    return (this.COFFRE_PUBLIC_URL ?? `http://localhost:${this.PORT}`).replace(/\/+$/, '')
  }
}

/** What is wrong with a setting, in one line that names it and not what it held. */
export class SettingsError extends Error {}

/** The names of all settings: those that {@link Settings} says something of. */
const known: readonly string[] = [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Settings, '', true, false)
      .map(({ propertyName }) => propertyName),
  ),
]

/**
 * Reads and checks the settings.
 *
 * @throws SettingsError naming each wrong setting; a `COFFRE_` variable that is not known is wrong too
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const stranger = Object.keys(environment).find(
    (name) => name.startsWith('COFFRE_') && !known.includes(name),
  )
  if (stranger) throw new SettingsError(`${stranger}: not a setting of this version`)
  const given = Object.fromEntries(
    known.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const settings = plainToInstance(Settings, given)
  const errors = validateSync(settings, { skipMissingProperties: false })
  if (errors.length > 0) throw new SettingsError(errors.map(explain).join('; '))
  if (!isSafeTransport(settings.publicUrl)) {
    throw new SettingsError('COFFRE_PUBLIC_URL: must be https unless the host is loopback')
  }
  if (/[?#@]/.test(settings.publicUrl)) {
    throw new SettingsError('COFFRE_PUBLIC_URL: must be a host, and perhaps a path')
  }
  return settings
}

function explain(error: ValidationError): string {
  return Object.values(error.constraints ?? { wrong: `${error.property} is wrong` }).join(', ')
}

function isSafeTransport(publicUrl: string): boolean {
  const url = new URL(publicUrl)
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}

/** The environment of this process with some settings of its own: for a server started as a child. */
export function environmentWith(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...settings }
}

/** Settings that this process is to start with, over those of its environment: for benchmarks. */
export function applySettings(settings: Readonly<Record<string, string>>): void {
  Object.assign(process.env, settings)
}
