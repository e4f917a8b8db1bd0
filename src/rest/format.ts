import type { FastifyRequest } from 'fastify'
import { parseJson, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { writeXml } from '../fhir/xml/xml-write.ts'
import { parseParameters, type Parameter } from '../interactions/request.ts'
import type { Kind } from './media-type.ts'
import { pretty } from './pretty.ts'

/** How an answer is written. */
export interface Format {
  readonly kind: Kind
  /** laid out for people */
  readonly isPretty: boolean
}

/** Names of the two, as `_format` and `Accept` may spell them. @see FHIR R4 § RESTful API, "Content Types" */
const names: ReadonlyMap<string, Kind> = new Map([
  ...['json', 'application/fhir+json', 'application/json', 'text/json'].map(
    (name) => [name, 'json'] as const,
  ),
  ...['xml', 'application/fhir+xml', 'application/xml', 'text/xml'].map((name) => [name, 'xml'] as const),
])

/**
 * The format that a caller asks for: by `_format`, else by `Accept`, else JSON. A browser, which names
 * `text/html` and takes anything, gets JSON laid out for people.
 *
 * @throws FhirError 406 when it takes neither JSON nor XML of R4
 */
export function formatOf(accept: string | undefined, parameters: readonly Parameter[]): Format {
  const valueOf = (wanted: string) => parameters.find(([name]) => name === wanted)?.[1]
  const given = valueOf('_format')
  // a raw `+` of the query has arrived as a blank
  const ranges = readRanges(given === undefined ? (accept ?? '*/*') : given.trim().replace(' ', '+'))
  const isBrowser = ranges.some(({ name }) => name === 'text/html') && rangeOf(ranges, '*/*') !== undefined
  const kind = isBrowser ? 'json' : preferred(ranges)
  if (kind === undefined) throw FhirError.notSupported('JSON and XML are what this server speaks', 406)
  const isPretty = valueOf('_pretty')
  return { kind, isPretty: isPretty === undefined ? isBrowser : isPretty === 'true' }
}

/** The format for an error: what the caller asks for as far as that can be told, else JSON. */
export function errorFormat(request: FastifyRequest): Format {
  try {
    return formatOf(request.headers.accept, parseParameters(request.url.split('?').slice(1).join('?')))
  } catch {
    return { kind: 'json', isPretty: false }
  }
}

/** The Content-Type of an answer. */
export function contentTypeOf({ kind }: Format): string {
  return `application/fhir+${kind}; charset=utf-8`
}

/** Nested resources come out deeper than they came in: in the Bundle of a search, that of a batch. */
const depthInBundles = 400

/** @param json the text of a resource as we write it, without white space */
export function encode(json: string, { kind, isPretty }: Format): string {
  if (kind === 'xml') return writeXml(parseJson(json, depthInBundles) as Resource, isPretty)
  return isPretty ? pretty(json) : json
}

/** One media range of `Accept`. @see RFC 9110 § 12.5.1 */
interface Range {
  readonly name: string
  readonly quality: number
}

function readRanges(header: string): Range[] {
  return header.split(',').flatMap((one) => {
    const [name = '', ...options] = one.split(';').map((part) => part.trim().toLowerCase())
    return isOurVersion(options) ? [{ name, quality: qualityOf(options) }] : []
  })
}

/** `fhirVersion=4.0` is ours. */
function isOurVersion(options: readonly string[]): boolean {
  const version = options.find((option) => option.startsWith('fhirversion='))
  return version === undefined || /^fhirversion="?4\.0(\.1)?"?$/.test(version)
}

function qualityOf(options: readonly string[]): number {
  const quality = Number(options.find((option) => option.startsWith('q='))?.slice(2) ?? 1)
  return Number.isNaN(quality) ? 1 : quality
}

/** The better of the two; of equals the one that is named, or named first, or JSON. */
function preferred(ranges: readonly Range[]): Kind | undefined {
  const wanted = (kind: Kind) => {
    const named = best(ranges.filter(({ name }) => names.get(name) === kind))
    const found = named ?? rangeOf(ranges, 'application/*') ?? rangeOf(ranges, '*/*')
    return { kind, quality: found?.quality ?? 0, rank: named ? ranges.indexOf(named) : ranges.length }
  }
  const [first, second] = [wanted('json'), wanted('xml')].sort(
    (left, right) => right.quality - left.quality || left.rank - right.rank,
  )
  return [first, second].find((one) => one !== undefined && one.quality > 0)?.kind
}

function best(ranges: readonly Range[]): Range | undefined {
  return [...ranges].sort((left, right) => right.quality - left.quality)[0]
}

function rangeOf(ranges: readonly Range[], wanted: string): Range | undefined {
  return ranges.find(({ name }) => name === wanted)
}
