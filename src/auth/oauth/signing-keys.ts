import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { Repository } from 'typeorm'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { SigningKey } from '../entities.ts'

const alg = 'RS256'
/** NIST SP 800-57 part 1: 112 bits of security, enough until 2030 */
const modulusLength = 2048

/**
 * The key that ID tokens are signed with. It is made by whichever process needs it first, and is the
 * same for all of them from then on; its private half leaves this process sealed alone.
 */
@Injectable()
export class SigningKeys {
  constructor(
    @InjectRepository(SigningKey) private readonly table: Repository<SigningKey>,
    private readonly seal: AuthSeal,
  ) {}

  /** @returns the private RSA key as a JWK, with `kid`, `alg` and `use` */
  async key(): Promise<JWK> {
    const place = sealedPlace.signingKey(alg)
    const found = await this.table.findOneBy({ alg })
    if (found) return this.seal.open(found.sealed, place) as JWK
    const sealed = this.seal.seal(await makeKey(), place)
    // of two processes that make one, the first decides
    await this.table.createQueryBuilder().insert().values({ alg, sealed }).orIgnore().execute()
    const kept = await this.table.findOneByOrFail({ alg })
    return this.seal.open(kept.sealed, place) as JWK
  }
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength })
  const key: JWK = privateKey.export({ format: 'jwk' })
  return { ...key, alg, use: 'sig', kid: await calculateJwkThumbprint(key) }
}
