import { ArrayUnique, IsIn, IsOptional, IsString, Matches, MinLength } from 'class-validator'
import { fhirUserSyntax } from './rights.ts'

/** What people are, to the governance API and the console. */
export const roles = [
  ...(['requester', 'committee', 'director', 'steward', 'dpo', 'auditor', 'admin'] as const),
  /** of a care service: one of the two who approve a re-identification, or who is told */
  'physician',
] as const
export type Role = (typeof roles)[number]

/** One entry of the users file: a password in clear (hashed at start) or its argon2id hash. */
export class PersonRecord {
  @Matches(/^[A-Za-z0-9._@-]{1,64}$/, { message: 'username: 1 to 64 of letters, digits, . _ @ -' })
  username!: string

  @IsString({ message: 'name: a string' })
  name!: string

  @ArrayUnique({ message: 'roles: each once' })
  @IsIn(roles, { each: true, message: `roles: of ${roles.join(', ')}` })
  roles!: Role[]

  /** CNIL's recommendation 2022-100 asks for 12 characters where attempts are limited */
  @IsOptional()
  @MinLength(12, { message: 'password: at least 12 characters' })
  password?: string

  @IsOptional()
  @Matches(/^\$argon2id\$/, { message: 'passwordHash: an argon2id hash' })
  passwordHash?: string

  /** who of the records this is: what an app is told as `fhirUser`, and whose patients they are */
  @IsOptional()
  @Matches(fhirUserSyntax, { message: 'fhirUser: Practitioner/id, or Patient, RelatedPerson, Person' })
  fhirUser?: string

  /** the most that apps may do in this person's name at the care base; unset: nothing */
  @IsOptional()
  @IsString({ message: 'scope: a string of SMART scopes' })
  scope?: string

  /** what breaking the glass adds to it */
  @IsOptional()
  @IsString({ message: 'emergencyScope: a string of SMART scopes' })
  emergencyScope?: string
}
