import passport from 'passport'
import type { FhirBase } from './fhir-base.ts'

/** All that a strategy may look at; not the request, which knows far more. */
export interface Credentials {
  readonly headers: { readonly authorization: string }
  /** the base that the token was sent to; undefined where people sign in to the governance API */
  readonly base: FhirBase | undefined
}

/**
 * Passport strategies, tried in order until one knows the token. The Passport is our own and not the
 * package's: that one is shared by every application in the process.
 */
export class StrategyChain<Result> {
  private readonly passport = new passport.Passport()
  private readonly names: string[]

  constructor(strategies: readonly passport.Strategy[]) {
    this.names = strategies.map((strategy, index) => {
      const name = String(index)
      this.passport.use(name, strategy)
      return name
    })
  }

  /** @returns undefined when no strategy takes the token; @throws what went wrong inside of one */
  authenticate(credentials: Credentials): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, result: Result | false | null | undefined) => {
        if (error) reject(error instanceof Error ? error : new Error('a strategy failed'))
        else resolve(result || undefined)
      }
      const middleware = this.passport.authenticate(this.names, { session: false }, done) as Middleware
      // Passport hangs its own functions on what it is given
      middleware({ ...credentials }, {}, reject)
    })
  }
}

type Middleware = (request: object, response: object, next: (error: unknown) => void) => void

/** Hands a promise's result to one of Passport's callbacks. */
export function settle<T>(
  work: Promise<T | undefined>,
  done: (error: unknown, result?: T | false) => void,
): void {
  work.then(
    (result) => done(null, result ?? false),
    (error: unknown) => done(error),
  )
}
