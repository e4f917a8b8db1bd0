import passport from 'passport'
import type { OpaqueTokens } from './opaque-tokens.ts'
import type { TokenSubject } from '../principal.ts'
import { settle, type Credentials } from '../strategy-chain.ts'

/** Access tokens of our own authorization server: opaque, bound to the base they were issued for. */
export class OpaqueTokenStrategy extends passport.Strategy {
  private readonly tokens: OpaqueTokens

  constructor(tokens: OpaqueTokens) {
    super()
    this.tokens = tokens
  }

  override authenticate(request: unknown): void {
    const { headers, base } = request as Credentials // what StrategyChain passes
    const [, value] = opaque.exec(headers.authorization) ?? []
    if (value === undefined || !base) return this.fail()
    settle<TokenSubject>(this.find(value, base.url), (error, subject) => {
      if (error) this.error(error)
      else if (subject) this.success(subject)
      else this.fail()
    })
  }

  private async find(value: string, audience: string): Promise<TokenSubject | undefined> {
    const token = await this.tokens.find(value)
    return token?.audience === audience ? token : undefined
  }
}

/** RFC 6750 §2.1; a dot would make it a JWT. */
const opaque = /^Bearer ([A-Za-z0-9_-]{20,128})$/i
