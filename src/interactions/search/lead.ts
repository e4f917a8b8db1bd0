import { searchParameters } from '../../fhir/definitions.ts'
import { dataTypes, extractParameter, isSupported, type ExtractOptions } from '../../fhir/search/extract.ts'
import type { Resource } from '../../fhir/json.ts'
import { referencesOf } from '../../fhir/search/parse-include.ts'
import type { Include } from '../../fhir/search/query.ts'

/** Where a resource refers to by one of its reference parameters. */
export interface Lead {
  /** of what it refers to, as the resource names it */
  readonly type: string
  readonly id: string
}

/** The reference parameters that an include follows from one type, or looks through in one. */
export function followed({ source, parameter }: Include, type: string): readonly string[] {
  if (source !== '*' && source !== type) return []
  if (parameter === '*') return referencesOf(type).filter((code) => isSupported(type, code))
  return searchParameters(type).has(parameter.code) ? [parameter.code] : []
}

/**
 * The literal references to resources of this base. Contained ones lead nowhere else, and one to a version
 * leads to the resource.
 */
export function leads(resource: Resource, code: string, options: ExtractOptions): Lead[] {
  return extractParameter(resource, code, options).flatMap((value) => {
    if (value.kind !== 'reference' || value.type === undefined || value.id === undefined) return []
    return [{ type: value.type, id: value.id }]
  })
}

/** The canonical URLs it refers by, with and without their version. */
export function canonicals(resource: Resource, code: string, options: ExtractOptions): ReadonlySet<string> {
  if (!isCanonical(resource.resourceType, code)) return none
  return new Set(
    extractParameter(resource, code, options).flatMap((value) =>
      value.kind === 'reference' && value.url !== undefined ? [value.url] : [],
    ),
  )
}

const none: ReadonlySet<string> = new Set()

/** Whether a reference parameter reads elements that refer by URL. */
export function isCanonical(type: string, code: string): boolean {
  return dataTypes(type, code).some((one) => one === 'canonical' || one === 'uri')
}

/**
 * Whether a resource is what one of the URLs stands for: by its `url`, and by its `version` where the
 * reference says one. Without a version, all that have the URL are.
 *
 * @param urls of one reference parameter of one resource, as `canonicals` gives them
 * @see FHIR R4 § References, "canonical URLs"
 */
export function isNamedBy(urls: ReadonlySet<string>, resource: Resource): boolean {
  const { url, version } = resource
  if (typeof url !== 'string' || !urls.has(url)) return false
  if (typeof version === 'string' && urls.has(`${url}|${version}`)) return true
  return ![...urls].some((one) => one.startsWith(`${url}|`))
}
