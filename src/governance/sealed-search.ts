import { extract, type ExtractOptions } from '../fhir/search/extract.ts'
import { parseJson, type Resource } from '../fhir/json.ts'
import { indexedName, matches } from '../fhir/search/matches.ts'
import { normalise } from '../fhir/search/normalise.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import type { Criterion, SearchValue, ValueCriterion } from '../fhir/search/query.ts'
import type { BlindIndex } from '../identity/blind-index.ts'
import { textsOf } from '../identity/blind-text.ts'
import type { TextRow, Vault } from '../identity/vault.ts'
import { isBlind, isText } from '../resources/blind-parameters.ts'
import { candidates, fewIds, onesWithToken } from '../store/candidates.ts'
import type { BlindCriterion, PreparedCriterion, PreparedTarget } from '../store/prepared-query.ts'
import type { StoredRow } from '../store/row.ts'
import { isElsewhere, type Tx } from '../store/tx.ts'
import { blindElsewhere } from './blind-elsewhere.ts'
import { releaseCare } from './release-care.ts'

/** How much a search may cost. */
export interface SealedLimits {
  /** more rows are not opened to find out which of them match */
  readonly rows: number
  /** more different texts are not asked for at once */
  readonly texts: number
}

const usualLimits: SealedLimits = { rows: 5_000, texts: 1_000 }

/**
 * Searches over what is sealed: by keyed hashes, and where these alone would find too much (`:contains`,
 * very long beginnings), by opening what they find and judging it. Either way the answer is exact, and
 * counting, sorting and paging go on in SQL.
 */
export class SealedSearch {
  private readonly vault: Vault
  private readonly blind: BlindIndex
  private readonly options: ExtractOptions

  private readonly limits: SealedLimits

  constructor(vault: Vault, blind: BlindIndex, options: ExtractOptions, limits = usualLimits) {
    this.limits = limits
    this.vault = vault
    this.blind = blind
    this.options = options
  }

  /**
   * When a criterion is best answered: 0, first; 1, names, which more people share than a number or a day; 2,
   * what rows must be opened for.
   */
  turn(type: string, criterion: Criterion): 0 | 1 | 2 {
    if (criterion.kind !== 'value') return 0
    const name = indexedName(criterion)
    if (isText(name) || !isBlind(type, name)) return 0
    if (!this.blind.isExact(name, criterion)) return 2
    return criterion.values.some(({ kind }) => kind === 'string') ? 1 : 0
  }

  /**
   * @param within what holds of the rows beside this criterion: fewer need be opened
   * @throws FhirError 400 `too-costly` when more rows than the limit would have to be opened
   */
  async byHash(tx: Tx, within: PreparedTarget, criterion: ValueCriterion): Promise<PreparedCriterion> {
    const { type } = within
    const question = this.blind.criterion(type, indexedName(criterion), criterion)
    if (question.exact) return seldom(tx, within, criterion, question.criterion)
    const asked = isElsewhere(tx)
      ? await blindElsewhere(tx, type, question.criterion)
      : among(within, question.criterion)
    const narrowed = { ...within, criteria: [...within.criteria, asked] }
    const rows = await candidates(tx, narrowed, this.limits.rows + 1)
    if (rows.length > this.limits.rows) throw tooCostly(criterion, 'too many resources may match')
    const query = plainQuery(type, [criterion])
    const resources = await this.resources(tx, rows)
    const matching = rows.filter((_, at) => matches(query, resources[at] ?? noResource, this.options))
    return { kind: 'ids', ids: matching.map(({ id }) => id) }
  }

  /**
   * `:text`: the texts that begin so are looked up first, then the rows that have one of them.
   *
   * @throws FhirError 400 `too-costly` when more different texts than the limit begin so
   */
  async byText(tx: Tx, type: string, criterion: ValueCriterion): Promise<PreparedCriterion> {
    const tokens: bigint[] = []
    for (const value of criterion.values) {
      if (value.kind !== 'string')
        throw FhirError.notSupported(`${criterion.parameter.code}: a text expected`)
      tokens.push(...(await this.textTokens(tx, type, criterion, normalise(value.text))))
    }
    return { kind: 'tokens', tokens }
  }

  private async textTokens(
    tx: Tx,
    type: string,
    criterion: ValueCriterion,
    normal: string,
  ): Promise<readonly bigint[]> {
    const { token, exact } = this.blind.textPrefix(type, normal)
    const limit = this.limits.texts + 1
    const found = await this.vault.textsBeginning(tx, type, indexedName(criterion), token, limit)
    if (found.length === limit) throw tooCostly(criterion, 'too many texts begin like this')
    return exact ? found.map((one) => one.token) : this.beginning(tx, type, found, normal)
  }

  /**
   * Of texts that begin nearly as asked those that do: one row that has it tells what a text is. A token
   * is that of the parameters there were when it was made, so it is made again by these.
   */
  private async beginning(
    tx: Tx,
    type: string,
    entries: readonly Pick<TextRow, 'token' | 'parameters'>[],
    normal: string,
  ): Promise<readonly bigint[]> {
    const tokens = entries.map(({ token }) => token)
    const right = new Set<bigint>()
    const sets = new Map(entries.map(({ parameters }) => [parameters.join(), parameters]))
    for (const resource of await this.resources(tx, await onesWithToken(tx, type, tokens))) {
      for (const text of textsOf(extract(resource, this.options))) {
        if (!text.normal.startsWith(normal)) continue
        for (const set of sets.values()) right.add(this.blind.textToken(type, text.normal, set))
      }
    }
    return tokens.filter((token) => right.has(token))
  }

  private async resources(tx: Tx, rows: readonly StoredRow[]): Promise<Resource[]> {
    const released = await releaseCare(tx, this.vault, rows)
    return released.map(({ text }) => parseJson(text) as Resource)
  }
}

/** A name or a number is few resources' only: these are named at once, the others are looked for row by row. */
async function seldom(
  tx: Tx,
  within: PreparedTarget,
  { values, parameter }: ValueCriterion,
  criterion: BlindCriterion,
): Promise<PreparedCriterion> {
  const { type } = within
  if (isElsewhere(tx)) return blindElsewhere(tx, type, criterion)
  if (criterion.negate) return criterion
  const narrowed = among(within, criterion)
  if (narrowed.look !== undefined) return narrowed
  if (values.every((value) => isRare(parameter.code, value))) return { ...criterion, look: 'few' }
  const ids = await fewIds(tx, type, criterion, mostNamed)
  return ids === undefined ? criterion : { kind: 'ids', ids }
}

/** Where the rows are few already, it is looked for in each of them. */
function among({ criteria }: PreparedTarget, criterion: BlindCriterion): BlindCriterion {
  const areFew = criteria.some((one) => one.kind === 'ids' || (one.kind === 'blind' && one.look === 'few'))
  return areFew ? { ...criterion, look: 'each' } : criterion
}

/** What few people share, by its kind: no need to look how many have it. */
function isRare(parameter: string, value: SearchValue): boolean {
  if (value.kind === 'string') return true
  if (value.kind === 'date') return value.prefix === 'eq' && value.high - value.low <= longestDayMs
  return value.kind === 'token' && value.code !== undefined && numbers.has(parameter)
}

const numbers: ReadonlySet<string> = new Set(['identifier', 'phone', 'email', 'telecom'])
const longestDayMs = 25 * 3_600_000

const mostNamed = 1_000

const noResource: Resource = { resourceType: '' }

function tooCostly({ parameter: { code } }: ValueCriterion, what: string): FhirError {
  return new FhirError(400, [issue('too-costly', `${code}: ${what}: narrow the search`, code)])
}
