import type { Include } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { nameOf } from '../judge.ts'
import { demandBounded } from './include-limits.ts'
import { referredTo } from './include-forward.ts'
import { referring } from './include-backward.ts'

/** How often what was included is followed further. Most chains of records are shorter; some are circles. */
const maxRounds = 5

export interface Includes {
  readonly include: readonly Include[]
  readonly revinclude: readonly Include[]
}

export interface Included {
  /** without repeats, and none of the matches again */
  readonly released: readonly Released[]
  /** `:iterate` would lead on, and was not followed further */
  readonly isCut: boolean
}

/**
 * What `_include` and `_revinclude` add to a page of matches; those with `:iterate` go on from what was
 * added. Each included type is under the caller's rights like a search of its own; what they do not reach
 * is left out.
 *
 * @throws FhirError 400 `too-costly`; 403 on a research base for a type outside the permit
 * @see FHIR R4 § Search, "Including other resources in result"
 */
export async function included(
  tx: Tx,
  context: Context,
  asked: Includes,
  matched: readonly Released[],
): Promise<Included> {
  const known = new Set(matched.map(nameOf))
  const released: Released[] = []
  let includes = asked
  let from = matched
  for (let round = 0; from.length > 0 && isAny(includes); round++) {
    const fresh: Released[] = []
    for (const one of await reached(tx, context, includes, from)) {
      if (known.has(nameOf(one))) continue
      known.add(nameOf(one))
      fresh.push(one)
    }
    if (round > maxRounds) return { released, isCut: fresh.length > 0 }
    released.push(...fresh)
    demandBounded(released.length)
    includes = { include: asked.include.filter(isIterated), revinclude: asked.revinclude.filter(isIterated) }
    from = fresh
  }
  return { released, isCut: false }
}

async function reached(
  tx: Tx,
  context: Context,
  { include, revinclude }: Includes,
  from: readonly Released[],
): Promise<Released[]> {
  const forward = include.length === 0 ? [] : await referredTo(tx, context, include, from)
  const backward = revinclude.length === 0 ? [] : await referring(tx, context, revinclude, from)
  return [...forward, ...backward]
}

function isAny({ include, revinclude }: Includes): boolean {
  return include.length > 0 || revinclude.length > 0
}

function isIterated({ iterate }: Include): boolean {
  return iterate
}
