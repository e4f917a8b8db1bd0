import type { IndexValue } from '../fhir/search/index-value.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { foldersOf } from '../fhir/search/uri-folder.ts'
import type { BlindIndex, TextEntry } from '../identity/blind-index.ts'
import { isBlind, isText } from '../resources/blind-parameters.ts'
import { columnsFor, isRepeatedUri } from '../resources/columns.ts'
import { compositesLacking, hasFoci } from '../resources/composites.ts'
import type { Focus, Interval, Range } from '../store/row.ts'
import type { Folder } from '../store/search-terms.ts'
import { focusParameter, token, tokenText } from '../store/token.ts'
import { codingTexts, isNotedUnit, referenceTexts, unitTexts } from './index-token.ts'

/** What a resource is found by. */
export interface Found {
  readonly tokens: Set<bigint>
  /** of what is sealed: keyed, and kept in the vault */
  readonly blind: Set<bigint>
  readonly ranges: Range[]
  readonly foci: Focus[]
  date: Interval | undefined
  quantity: Interval | undefined
  readonly units: Set<string>
  readonly folders: Folder[]
  texts: readonly TextEntry[]
}

type Keys = ReadonlyMap<string, string>

/** A name takes some forty: this is half a second, in which nobody else is served. */
const mostHashes = 200_000

/**
 * @param id internal
 * @param patientKeys key by logical id, of every patient that the resource names
 * @throws FhirError 422 `too-costly` for more sealed values than one resource may be found by
 */
export function indexOf(
  type: string,
  id: string,
  values: readonly IndexValue[],
  patientKeys: Keys,
  blindIndex: BlindIndex,
): Found {
  const found: Found = {
    ...{ tokens: new Set<bigint>(), blind: new Set<bigint>(), units: new Set<string>() },
    ...{ ranges: [], foci: [], folders: [], date: undefined, quantity: undefined },
    texts: blindIndex.texts(type, values),
  }
  for (const text of found.texts) found.tokens.add(text.token)
  let hashes = found.texts.length
  demandBounded(hashes)
  const codes = new Set(values.map(({ parameter }) => parameter))
  for (const code of compositesLacking(type, codes)) found.tokens.add(token(tokenText.lacking(code)))
  for (const value of values) {
    if (value.parameter === '_id' || value.parameter === '_lastUpdated' || isText(value.parameter)) continue
    if (isBlind(type, value.parameter)) {
      const hidden = blindIndex.tokens(type, id, value)
      for (const one of hidden) found.blind.add(one)
      demandBounded((hashes += hidden.length))
    } else {
      indexClear(type, value, patientKeys, found)
    }
  }
  return found
}

function demandBounded(hashes: number): void {
  if (hashes > mostHashes) {
    throw FhirError.unprocessable([
      issue('too-costly', 'more names, identifiers and texts than can be found by'),
    ])
  }
}

function indexClear(type: string, value: IndexValue, patientKeys: Keys, found: Found): void {
  const { parameter } = value
  const add = (texts: readonly string[]) => texts.forEach((text) => found.tokens.add(token(text)))
  switch (value.kind) {
    case 'token':
      return add([tokenText.present(parameter), ...codingTexts(parameter, value)])
    case 'reference':
      if (value.type === 'Patient' && columnsFor(type).owner.has(parameter)) return
      return add([tokenText.present(parameter), ...referenceTexts(parameter, value, patientKeys)])
    case 'uri':
      return indexUri(value, found)
    case 'date':
      if (parameter !== columnsFor(type).date) found.ranges.push(rangeOf(value))
      else found.date = hull(found.date, value)
      return
    case 'number':
      found.ranges.push(rangeOf(value))
      return
    case 'quantity':
      return indexQuantity(type, value, found)
    case 'position':
      // an interval to the database, and the two sides of the point to `near`
      found.ranges.push({ parameter, low: value.latitude, high: value.longitude, units: undefined })
      return
    case 'composite':
      if (!value.root && hasFoci(type, parameter)) found.foci.push(...fociOf(value, patientKeys, found))
      return
    case 'string':
    case 'of-type':
      throw new TypeError('what is sealed is never indexed in clear')
  }
}

type Index<Kind> = IndexValue & { readonly kind: Kind }

function rangeOf({ parameter, low, high }: Interval & { readonly parameter: string }): Range {
  return { parameter, low, high, units: undefined }
}

function indexQuantity(type: string, value: Index<'quantity'>, found: Found): void {
  const units = unitTexts(value).map(token)
  noteUnit(value, found)
  if (value.parameter !== columnsFor(type).quantity) {
    found.ranges.push({ ...rangeOf(value), units })
    return
  }
  found.quantity = hull(found.quantity, value)
  for (const unit of units) found.tokens.add(unit)
}

function noteUnit(value: Index<'quantity'>, { units }: Found): void {
  if (isNotedUnit(value)) units.add(value.code ?? '')
}

function indexUri({ parameter, uri }: Index<'uri'>, found: Found): void {
  const own = token(tokenText.url(parameter, uri))
  found.tokens.add(token(tokenText.present(parameter))).add(own)
  const [nearest, ...above] = foldersOf(uri).map((folder) => token(tokenText.folder(parameter, folder)))
  if (nearest === undefined) return
  // of what many rows name, the URI itself is noted as lying in its folders; what few name brings its folder
  const folder = isRepeatedUri(parameter) ? own : nearest
  if (folder === nearest) found.tokens.add(nearest)
  for (const within of [nearest, ...above]) found.folders.push({ folder, within })
}

/** The main date of a resource with several is the time from the first to the last. */
function hull(known: Interval | undefined, { low, high }: Interval): Interval {
  return known ? { low: Math.min(known.low, low), high: Math.max(known.high, high) } : { low, high }
}

/** One row for a focus; several only where a component has several ranges, one for each way to pair them. */
function fociOf({ parameter, components }: Index<'composite'>, patientKeys: Keys, found: Found): Focus[] {
  const tokens = new Set([token(tokenText.present(parameter))])
  let rows: Interval[][] = [[]]
  components.forEach((values, at) => {
    const name = focusParameter(parameter, at)
    const ranges: Interval[] = []
    for (const value of values) {
      if (value.kind === 'quantity') noteUnit(value, found)
      if ('low' in value) ranges.push({ low: value.low, high: value.high })
      for (const text of focusTexts(name, value, patientKeys)) tokens.add(token(text))
    }
    if (ranges.length > 0) rows = rows.flatMap((row) => ranges.map((range) => [...row, range]))
  })
  return rows.map((ranges) => ({ tokens: [...tokens], ranges }))
}

function focusTexts(name: string, value: IndexValue, patientKeys: Keys): string[] {
  switch (value.kind) {
    case 'token':
      return codingTexts(name, value)
    case 'reference':
      return referenceTexts(name, value, patientKeys)
    case 'uri':
      return [tokenText.url(name, value.uri)]
    case 'quantity':
      return unitTexts(value).map((text) => `${name}|${text}`)
    default:
      return []
  }
}
