import { open, seal, type Keyring } from '../identity/keyring.ts'

/** The places of {@link AuthSeal}: each column that holds what it seals. */
export const sealedPlace = {
  /** `auth.artifact.context`: a `LaunchContext` */
  context: (idHash: Buffer) => `artifact.context ${idHash.toString('hex')}`,
  /** a patient chosen for an authorization, in what the library keeps of it; by the flow's `cid` */
  chosenPatient: (cid: string) => `artifact.payload patient ${cid}`,
  /** `auth.signing_key.sealed`: a JWK */
  signingKey: (alg: string) => `signing_key.sealed ${alg}`,
  /** `governance.emergency.reason`: why the glass was broken */
  emergencyReason: (id: string) => `emergency.reason ${id}`,
  /** `auth.person.fhir_user`: `Practitioner/123` */
  fhirUser: (username: string) => `person.fhir_user ${username}`,
  /** `auth.totp.secret` */
  totp: (username: string) => `totp.secret ${username}`,
  /** a secret that is shown to somebody, in the form that confirms it */
  proposedTotp: (username: string) => `totp proposed ${username}`,
  /** a sign-in that waits for its second factor, in the form that brings it */
  passwordShown: () => 'sign-in password shown',
} as const

/** Seals small texts of the authorization server under a key of their own. */
export class AuthSeal {
  private readonly key: Buffer

  constructor(keyring: Keyring) {
    this.key = keyring.derive('auth')
  }

  /** @param place column and key of the row that it is for: elsewhere it does not open */
  seal(value: unknown, place: string): Buffer {
    return seal(this.key, JSON.stringify(value), place)
  }

  /** @throws Error when a bit of it is not as it was sealed, or it is of another place */
  open(sealed: Buffer, place: string): unknown {
    return JSON.parse(open(this.key, sealed, place).toString('utf8'))
  }
}
