import { inFull, restrict, type Access, type AllowedQuery } from '../access/access.ts'
import type { Way } from '../access/ways.ts'
import { indexedName } from '../fhir/search/matches.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Criterion, SearchValue, ValueCriterion } from '../fhir/search/query.ts'
import { isBlind, isText } from '../resources/blind-parameters.ts'
import {
  markPrepared,
  type PreparedCriterion,
  type PreparedQuery,
  type PreparedTarget,
} from '../store/prepared-query.ts'
import type { Tx } from '../store/tx.ts'
import { byKey } from './patient-ids.ts'
import { preparedComposite } from './prepare-composite.ts'
import { demandFew, inOccurringUnits } from './prepare-units.ts'
import type { SealedSearch } from './sealed-search.ts'

/** What a query is made ready with. */
export interface Preparation {
  readonly access: Access
  /** patients' keys by logical id; an id that is not there is nobody's and matches nothing */
  readonly keys: ReadonlyMap<string, string>
  /** UCUM codes that occur */
  readonly units: readonly string[]
  readonly sealed: SealedSearch
  /** beneath `not`, where what finds less lets more in */
  readonly negated: boolean
}

/**
 * Turns a query of the care base into one over rows: patients by key, sealed values by token, the
 * caller's rights on it and on every search nested in it.
 *
 * @throws FhirError 403 for a nested search on a type that the caller may not search, but in a branch of
 *   `any`, which then finds nothing; 400 for what cannot be answered, or only at too high a cost
 */
export async function prepareCare(
  tx: Tx,
  query: AllowedQuery,
  preparation: Preparation,
): Promise<PreparedQuery> {
  return markPrepared({ ...query, ...(await target(tx, query, preparation)) })
}

async function target(tx: Tx, query: AllowedQuery, preparation: Preparation): Promise<PreparedTarget> {
  const { type, patients } = query
  const anyOf: PreparedCriterion[][] = []
  for (const way of query.anyOf)
    anyOf.push(await wayIn(tx, { ...anything(type), patients }, way, preparation))
  const rights = { type, criteria: [], patients, permit: undefined, anyOf }
  return { ...rights, criteria: await all(tx, rights, query.criteria, preparation) }
}

/**
 * What one scope asks of a row. Where it looks at other resources, by a chain or `_has`, it sees all there
 * are: who granted it said what it shall depend on, not what the caller may see of that.
 */
async function wayIn(
  tx: Tx,
  within: PreparedTarget,
  { patient, filter }: Way,
  preparation: Preparation,
): Promise<PreparedCriterion[]> {
  const asked = await all(tx, within, filter.criteria, {
    ...preparation,
    access: inFull(preparation.access),
    negated: false,
  })
  return patient === undefined ? asked : [{ kind: 'compartment', patients: [patient] }, ...asked]
}

/** Rows of a type without any condition. */
function anything(type: string): PreparedTarget {
  return { type, criteria: [], patients: undefined, permit: undefined, anyOf: [] }
}

/** Names come after numbers, and what must be judged row by row comes last, on what the others leave. */
async function all(
  tx: Tx,
  within: PreparedTarget,
  criteria: readonly Criterion[],
  preparation: Preparation,
): Promise<PreparedCriterion[]> {
  const ready: PreparedCriterion[] = []
  const turns = criteria.map((one) => ({ one, turn: preparation.sealed.turn(within.type, one) }))
  for (const { one } of turns.sort((a, b) => a.turn - b.turn)) {
    ready.push(await prepared(tx, { ...within, criteria: [...ready] }, one, preparation))
  }
  return ready
}

/** @param within what holds of the rows beside this criterion */
async function prepared(
  tx: Tx,
  within: PreparedTarget,
  criterion: Criterion,
  preparation: Preparation,
): Promise<PreparedCriterion> {
  const { access } = preparation
  const { type } = within
  // what is asked beneath OR and NOT is asked of rows within the same rights
  const alike = { ...within, criteria: [] }
  switch (criterion.kind) {
    case 'chain':
      return { ...criterion, target: await target(tx, restrict(access, criterion.target), preparation) }
    case 'has':
      return { ...criterion, source: await target(tx, restrict(access, criterion.source), preparation) }
    case 'any':
      return { kind: 'any', of: await branches(tx, alike, criterion.of, preparation) }
    case 'all':
      return { kind: 'all', of: await all(tx, alike, criterion.of, preparation) }
    case 'not': {
      const beneath = { ...preparation, negated: true }
      return { kind: 'not', of: await prepared(tx, alike, criterion.of, beneath) }
    }
    case 'composite': {
      const ready = preparedComposite(type, criterion, preparation)
      if (ready.kind === 'foci') return ready
      const plain = await prepared(tx, within, ready.criterion, preparation)
      return ready.unless.length === 0 ? plain : except(plain, ready.unless)
    }
    case 'value':
      return preparedValues(tx, within, criterion, preparation)
  }
}

function except(criterion: PreparedCriterion, tokens: readonly bigint[]): PreparedCriterion {
  return { kind: 'all', of: [criterion, { kind: 'not', of: { kind: 'tokens', tokens } }] }
}

/** What a caller may not search is not there: such a branch finds nothing. Beneath `not` it would find everything. */
async function branches(
  tx: Tx,
  within: PreparedTarget,
  of: readonly Criterion[],
  preparation: Preparation,
): Promise<PreparedCriterion[]> {
  const ready: PreparedCriterion[] = []
  for (const one of of) {
    try {
      ready.push(await prepared(tx, within, one, preparation))
    } catch (error) {
      const isForbidden = error instanceof FhirError && error.status === 403
      if (!isForbidden || preparation.negated) throw error
    }
  }
  return ready
}

async function preparedValues(
  tx: Tx,
  within: PreparedTarget,
  criterion: ValueCriterion,
  { keys, units, sealed }: Preparation,
): Promise<PreparedCriterion> {
  const { type } = within
  if (isAlways(criterion)) return { kind: 'all', of: [] }
  const name = indexedName(criterion)
  if (isText(name)) return sealed.byText(tx, type, criterion)
  if (isBlind(type, name)) return sealed.byHash(tx, within, criterion)
  const byKeys = criterion.values.flatMap((value) => byKey(type, criterion.parameter, value, keys))
  const values = byKeys.flatMap((value) => inOccurringUnits(value, units))
  demandFew(criterion.parameter, values.length, byKeys.length)
  return { ...criterion, values }
}

/** `:missing=true,false` */
function isAlways({ modifier, values }: ValueCriterion): boolean {
  const isAsked = (missing: boolean) =>
    values.some((value: SearchValue) => value.kind === 'missing' && value.missing === missing)
  return modifier === 'missing' && isAsked(true) && isAsked(false)
}
