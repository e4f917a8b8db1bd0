import { FhirError, issue } from '../outcome.ts'

/** Takes note of work that is about to be done. @throws FhirError 422 `too-costly` when it is too much */
export type Spend = (steps: number) => void

/** A step is a concept looked at, or a sign of a text held against a state of a regular expression. */
const mostSteps = 5_000_000

/**
 * Work for one request: a ValueSet of thousands of parts over a code system of thousands of concepts is
 * written in a minute, and must not hold the server up for one.
 */
export function budget(): Spend {
  let spent = 0
  return (steps) => {
    spent += steps
    if (spent > mostSteps) {
      throw new FhirError(422, [issue('too-costly', 'a value set that takes too long to work out')])
    }
  }
}

/** For what comes with the packages: it is known to be small. */
export const withoutLimit: Spend = () => undefined
