import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { LessThan, Repository } from 'typeorm'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { RecoveryCode, Totp } from '../entities.ts'
import { hashOf } from '../hash.ts'

const stepSeconds = 30
/** A phone's clock may be off by so many steps. @see RFC 6238 §5.2 */
const tolerance = 1
const recoveryCodes = 10
/** 80 bits: beyond guessing, so that a plain hash keeps it */
const recoveryBytes = 10

/** An authenticator app that is to be added, once its first code proves that it was set up. */
export interface ProposedTotp {
  /** base32 */
  readonly secret: string
  /** `otpauth://totp/…`, for a QR code */
  readonly uri: string
}

/**
 * What people show beside their password: the code of an authenticator app, or one of the recovery codes
 * they wrote down. The database decides that each counts once.
 *
 * @see RFC 6238
 */
@Injectable()
export class SecondFactors {
  constructor(
    @InjectRepository(Totp) private readonly totps: Repository<Totp>,
    @InjectRepository(RecoveryCode) private readonly codes: Repository<RecoveryCode>,
    private readonly seal: AuthSeal,
  ) {}

  /** Whether this person is asked for a code. */
  isAsked(username: string): Promise<boolean> {
    return this.totps.existsBy({ username })
  }

  /** How many recovery codes are left. */
  recoveryCodesLeft(username: string): Promise<number> {
    return this.codes.countBy({ username })
  }

  /** A new secret, which is nowhere kept yet. */
  propose(username: string): ProposedTotp {
    const secret = new Secret({ size: 20 }).base32
    return { secret, uri: this.uri(username, secret) }
  }

  /** `otpauth://totp/…` of a secret that was proposed. */
  uri(username: string, secret: string): string {
    return totpOf(secret, username).toString()
  }

  /**
   * Adds the app that shows this code.
   *
   * @returns recovery codes, to be shown once; undefined when the code is wrong, or there is an app already
   */
  async add(username: string, secret: string, code: string, now = Date.now()): Promise<string[] | undefined> {
    const step = stepOf(secret, code, now)
    if (step === undefined) return undefined
    const row = {
      username,
      secret: this.seal.seal(secret, sealedPlace.totp(username)),
      lastStep: String(step),
    }
    const made = Array.from({ length: recoveryCodes }, newRecoveryCode)
    return this.totps.manager.transaction(async (tx) => {
      const added = await tx
        .createQueryBuilder()
        .insert()
        .into(Totp)
        .values(row)
        .orIgnore()
        .returning('username')
        .execute()
      if ((added.raw as unknown[]).length === 0) return undefined
      await tx.insert(
        RecoveryCode,
        made.map((one) => ({ username, codeHash: typedHash(one) })),
      )
      return made
    })
  }

  /** Takes a code of the app or a recovery code. @returns whether it counts: for each, once */
  async take(username: string, code: string, now = Date.now()): Promise<boolean> {
    const totp = await this.totps.findOneBy({ username })
    if (!totp) return false
    const secret = String(this.seal.open(totp.secret, sealedPlace.totp(username)))
    const step = stepOf(secret, code, now)
    if (step === undefined) return this.takeRecoveryCode(username, code)
    const lastStep = String(step)
    const taken = await this.totps.update({ username, lastStep: LessThan(lastStep) }, { lastStep })
    return taken.affected === 1
  }

  /** The password alone opens the account again. */
  async remove(username: string): Promise<void> {
    await this.totps.delete({ username })
  }

  private async takeRecoveryCode(username: string, code: string): Promise<boolean> {
    return (await this.codes.delete({ username, codeHash: typedHash(code) })).affected === 1
  }
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({ issuer: 'Coffre', label, secret, period: stepSeconds })
}

/** The time step that the code is of; undefined when it is of none that counts now. */
function stepOf(secret: string, code: string, now: number): number | undefined {
  const digits = code.replaceAll(' ', '')
  if (!/^\d{6}$/.test(digits)) return undefined
  const distance = totpOf(secret, '').validate({ token: digits, timestamp: now, window: tolerance })
  return distance === null ? undefined : Math.floor(now / 1000 / stepSeconds) + distance
}

/** `ABCD-EFGH-IJKL-MNOP` */
function newRecoveryCode(): string {
  const { base32 } = Secret.fromHex(randomBytes(recoveryBytes).toString('hex'))
  return base32.match(/.{4}/g)?.join('-') ?? base32
}

/** However it was typed: blanks, dashes and case do not count. */
function typedHash(recoveryCode: string): Buffer {
  return hashOf(recoveryCode.toUpperCase().replaceAll(/[^A-Z2-7]/g, ''))
}
