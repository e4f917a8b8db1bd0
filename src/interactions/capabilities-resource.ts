import { profilesOn, resourceTypes, searchParameters, type SearchParameter } from '../fhir/definitions.ts'
import { isSupported, referenceTargets } from '../fhir/search/extract.ts'
import { operations } from './operations/index.ts'
import type { Operation } from './operations/operation.ts'
import { releasedParameters } from './released-parameters.ts'

/** What a CapabilityStatement says of one resource type. @see FHIR R4 § CapabilityStatement, `rest.resource` */

const careInteractions = [
  ...['read', 'vread', 'update', 'patch', 'delete'],
  ...['history-instance', 'history-type', 'create', 'search-type'],
].map((code) => ({ code }))

/** @param referring what `referringTo` gives for the type */
export function careResource(type: string, referring: readonly string[]): object {
  const supportedProfile = profilesOn(type)
  const own = operations.filter((one) => isOn(one, type)).map(operation)
  return {
    type,
    ...(supportedProfile.length === 0 ? {} : { supportedProfile }),
    interaction: careInteractions,
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    // of several with the grant `delete-multiple` alone
    conditionalDelete: 'multiple',
    referencePolicy: ['literal', 'logical'],
    ...searching(type, answeredParameters(type), ['*', ...referring]),
    operation: [...bulkOperations(type), ...own],
  }
}

/** Read and search, by what is released. */
export function researchResource(type: string): object {
  const operation = bulkOperations(type)
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    versioning: 'no-version',
    // the Group of the cohort is put together, not found by anything
    ...searching(type, type === 'Group' ? [] : releasedParameters(type), []),
    ...(operation.length === 0 ? {} : { operation }),
  }
}

/** Values of `_revinclude` by the type that they lead to. */
export function referringTo(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(resourceTypes.map((type) => [type, []]))
  for (const source of resourceTypes) {
    for (const { code, type } of answeredParameters(source)) {
      if (type !== 'reference') continue
      const targets = referenceTargets(source, code)
      for (const target of targets.length === 0 ? resourceTypes : targets) {
        found.get(target)?.push(`${source}:${code}`)
      }
    }
  }
  return found
}

/** Those that every type has: what a search of the whole base can ask by. */
export function parametersOfAll(): object[] {
  const [first = '', ...others] = resourceTypes
  return answeredParameters(first)
    .filter(({ code }) => others.every((type) => isSupported(type, code)))
    .map(searchParam)
}

/** Those that can be asked for: an index that is not whole answers nothing. */
function answeredParameters(type: string): SearchParameter[] {
  return [...searchParameters(type).values()].filter(
    ({ code, state }) => state !== 'building' && isSupported(type, code),
  )
}

function searching(
  type: string,
  parameters: readonly SearchParameter[],
  searchRevInclude: readonly string[],
): object {
  const references = parameters.filter((parameter) => parameter.type === 'reference')
  const searchInclude = ['*', `${type}:*`, ...references.map(({ code }) => `${type}:${code}`)]
  return {
    ...(references.length === 0 ? {} : { searchInclude }),
    ...(searchRevInclude.length === 0 ? {} : { searchRevInclude }),
    ...(parameters.length === 0 ? {} : { searchParam: parameters.map(searchParam) }),
  }
}

function searchParam({ code, url, type }: SearchParameter): object {
  return { name: code, definition: url, type }
}

export function systemOperations(): object[] {
  return operations.filter(({ levels }) => levels.includes('system')).map(operation)
}

function isOn({ levels, types }: Operation, type: string): boolean {
  return levels.some((level) => level !== 'system') && (types.length === 0 || types.includes(type))
}

function operation({ name, definition }: Operation): object {
  return { name, definition }
}

/** Kits look for the plain name, others for the long one: both are listed. */
function bulkOperations(type: string): object[] {
  if (type !== 'Patient' && type !== 'Group') return []
  const definition = `${type.toLowerCase()}-export`
  return [bulkOperation('export', definition), bulkOperation(definition, definition)]
}

export function bulkOperation(name: string, definition: string): object {
  return { name, definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${definition}` }
}
