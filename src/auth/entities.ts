import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm'
import type { Role } from './people/person-record.ts'

/** A registered OAuth client. */
@Entity({ schema: 'auth', name: 'client' })
export class Client {
  @PrimaryColumn({ type: 'text', name: 'client_id' })
  clientId!: string

  /** RFC 7591, as registered: a `ClientMetadata` */
  @Column({ type: 'jsonb' })
  metadata!: object

  /** the most this client may be granted, canonical SMART v2 */
  @Column({ type: 'text' })
  scope!: string

  /** beside scopes: `bulk-identified`, `delete-multiple`, `introspect` */
  @Column({ type: 'text', array: true })
  grants!: string[]
}

/** What the authorization server issued or must remember. The value itself is nowhere, only its SHA-256. */
@Entity({ schema: 'auth', name: 'artifact' })
export class Artifact {
  @PrimaryColumn({ type: 'bytea', name: 'id_hash' })
  idHash!: Buffer

  /** the library's model: `ClientCredentials`, `ReplayDetection`, … */
  @Column({ type: 'text' })
  model!: string

  @Column({ type: 'text', name: 'client_id', nullable: true })
  clientId!: string | null

  @ManyToOne(() => Client, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'client_id' })
  client?: Client | null

  @Column({ type: 'text', name: 'grant_id', nullable: true })
  grantId!: string | null

  /** the model's payload without its `jti`, which is the token */
  @Column({ type: 'jsonb' })
  payload!: object

  /** by which a browser session or an interaction is found */
  @Column({ type: 'text', nullable: true })
  uid!: string | null

  /** whom it was issued for; it goes with the person */
  @Column({ type: 'text', nullable: true })
  username!: string | null

  @ManyToOne(() => Person, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'username' })
  person?: Person | null

  /** the sign-in that it ends with: a browser session, online access */
  @Column({ type: 'uuid', name: 'session_id', nullable: true })
  sessionId!: string | null

  @ManyToOne(() => Session, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id' })
  session?: Session | null

  /** sealed: a `LaunchContext` */
  @Column({ type: 'bytea', nullable: true })
  context!: Buffer | null

  @Column({ type: 'timestamptz', name: 'consumed_at', nullable: true })
  consumedAt!: Date | null

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date
}

/** Someone who signs in: to the console, to the governance API, to a research base that lists them. */
@Entity({ schema: 'auth', name: 'person' })
export class Person {
  @PrimaryColumn({ type: 'text' })
  username!: string

  @Column({ type: 'text' })
  name!: string

  @Column({ type: 'text', array: true })
  roles!: Role[]

  /** argon2id, PHC string */
  @Column({ type: 'text', name: 'password_hash' })
  passwordHash!: string

  /** sealed: the Patient, Practitioner, RelatedPerson or Person of the records that this person is */
  @Column({ type: 'bytea', name: 'fhir_user', nullable: true })
  fhirUser!: Buffer | null

  /** the most that apps may do in this person's name at the care base, canonical SMART v2 */
  @Column({ type: 'text', default: '' })
  scope!: string

  /** what breaking the glass adds to it */
  @Column({ type: 'text', name: 'emergency_scope', default: '' })
  emergencyScope!: string

  /** sign-ins since the last one that went well, or since the last lock ran out */
  @Column({ type: 'integer', default: 0 })
  failures!: number

  @Column({ type: 'timestamptz', name: 'locked_until', nullable: true })
  lockedUntil!: Date | null
}

/** An open session. Signing out deletes the row; a session token without its row is worth nothing. */
@Entity({ schema: 'auth', name: 'session' })
export class Session {
  /** `jti` of the session token */
  @PrimaryColumn({ type: 'uuid' })
  id!: string

  @Column({ type: 'text' })
  username!: string

  @ManyToOne(() => Person, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'username' })
  person?: Person

  /** when a second factor was shown; null: a password alone */
  @Column({ type: 'timestamptz', name: 'second_factor_at', nullable: true })
  secondFactorAt!: Date | null

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date
}

/** Somebody's authenticator app. @see RFC 6238 */
@Entity({ schema: 'auth', name: 'totp' })
export class Totp {
  @PrimaryColumn({ type: 'text' })
  username!: string

  /** sealed: base32 */
  @Column({ type: 'bytea' })
  secret!: Buffer

  /** of the last code that was taken: none of it or before counts again */
  @Column({ type: 'bigint', name: 'last_step' })
  lastStep!: string
}

/** What replaces a code of the app, once. Taking it deletes the row. */
@Entity({ schema: 'auth', name: 'recovery_code' })
export class RecoveryCode {
  @PrimaryColumn({ type: 'text' })
  username!: string

  /** SHA-256 */
  @PrimaryColumn({ type: 'bytea', name: 'code_hash' })
  codeHash!: Buffer
}

/** What ID tokens are signed with, one key for each algorithm. */
@Entity({ schema: 'auth', name: 'signing_key' })
export class SigningKey {
  @PrimaryColumn({ type: 'text' })
  alg!: string

  /** sealed: the private key as a JWK with its `kid` */
  @Column({ type: 'bytea' })
  sealed!: Buffer
}

/** For `TypeOrmModule`. */
export const authEntities = [Client, Artifact, Person, Session, SigningKey, Totp, RecoveryCode]
