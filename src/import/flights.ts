import { dependsOn, type Footprint } from './footprint.ts'

/**
 * Work under way: begun in order, several pieces at once where none depends on another, results
 * handed out in order.
 */
export class Flights<Result> {
  private readonly parallel: number
  /** in the order of their beginning; those in front that have landed are taken out by `landed` */
  private readonly flights: Flight<Result>[] = []
  private failure: { readonly cause: unknown } | undefined

  /** @param parallel how many may be under way at once, at least 1 */
  constructor(parallel: number) {
    this.parallel = parallel
  }

  /**
   * Begins a piece of work as soon as there is room and nothing it depends on is under way.
   *
   * @throws the failure of a piece begun before; then this one is not begun
   */
  async begin(mark: Footprint, work: () => Promise<Result>): Promise<void> {
    for (;;) {
      const aloft = this.flights.filter((flight) => flight.aloft)
      this.throwFailure()
      if (aloft.length < this.parallel && !aloft.some((flight) => dependsOn(mark, flight.mark))) break
      await Promise.race(aloft.map((flight) => flight.landing))
    }
    const flight: Flight<Result> = { mark, aloft: true, results: [], landing: Promise.resolve() }
    flight.landing = this.fly(flight, work)
    this.flights.push(flight)
  }

  /** Results that nothing begun before is missing from, each handed out once. */
  landed(): Result[] {
    const front = this.flights.findIndex((flight) => flight.results.length === 0)
    return this.flights
      .splice(0, front === -1 ? this.flights.length : front)
      .flatMap((flight) => flight.results)
  }

  /** Waits until nothing is under way; failures are kept for `throwFailure`. */
  async settle(): Promise<void> {
    await Promise.all(this.flights.map((flight) => flight.landing))
  }

  /** @throws the first failure, if there was one */
  throwFailure(): void {
    if (this.failure) throw this.failure.cause
  }

  private async fly(flight: Flight<Result>, work: () => Promise<Result>): Promise<void> {
    try {
      flight.results = [await work()]
    } catch (cause) {
      this.failure ??= { cause }
    } finally {
      flight.aloft = false
    }
  }
}

interface Flight<Result> {
  readonly mark: Footprint
  aloft: boolean
  /** one when it has landed well, none before and after a failure */
  results: readonly Result[]
  /** never rejects */
  landing: Promise<void>
}
