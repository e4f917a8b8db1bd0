/** Clocks of two machines may differ by this much. */
export const clockSkewSeconds = 5

/** "no more than five minutes in the future": SMART App Launch 2.2 § Authentication JWT Claims, `exp` */
export const longestAssertionSeconds = 300

/**
 * SMART's rules on a client assertion, beyond those of RFC 7523 which the library has already checked:
 * signature, `iss`, `exp` in the future, `jti` present.
 *
 * @param tokenUrl the only audience there is, as a single string
 * @param now in ms since the epoch
 * @returns what is wrong, in words that hold nothing of the assertion; undefined when nothing is
 */
export function assertionFault(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  tokenUrl: string,
  now: number,
): string | undefined {
  if (typeof header['kid'] !== 'string') return 'kid: required in the header'
  if (claims['sub'] !== claims['iss']) return 'sub: must be the same as iss'
  if (claims['aud'] !== tokenUrl) return 'aud: must be the URL of this token endpoint'
  const latest = now / 1000 + longestAssertionSeconds + clockSkewSeconds
  if (typeof claims['exp'] !== 'number' || claims['exp'] > latest) return 'exp: at most five minutes ahead'
  return undefined
}
