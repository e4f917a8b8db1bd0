import { isResourceType } from '../definitions.ts'
import type { Json, Resource } from '../json.ts'
import { FhirError } from '../outcome.ts'
import { validateProfile } from './validate-profile.ts'
import { demandValid, misfit, validate } from './validate.ts'

/**
 * How much is asked of a resource before it is written:
 * - `off`: what the engine needs to index it and to tell what identifies a person: elements of its type
 *   in their form, codes of the required value sets. Cardinality and invariants are not asked for.
 * - `structure`: all that the definitions of its type say of its structure.
 * - `profile`: invariants, extensions and the profiles it claims besides.
 */
export type ValidationLevel = 'off' | 'structure' | 'profile'

/**
 * The gate that resources pass on their way in.
 *
 * @throws FhirError 400 `structure` when it is no resource, or of another type than expected; 422 with
 *   all issues when it is less than its level asks for
 */
export type DemandValid = (json: Json, expectedType?: string) => Resource

/**
 * @param setting a level for all types, and levels of single ones: `structure,Observation=profile`; the
 *   first may be left out, and is `structure` then
 * @throws RangeError when it is not like that, names a type that R4 does not have, or one twice
 */
export function demandValidAt(setting: string): DemandValid {
  const { general, byType } = parseLevels(setting)
  return (json, expectedType) => {
    const resource = demandResource(json, expectedType)
    const type = resource.resourceType
    switch (byType.get(type) ?? general) {
      case 'off':
        return demandUnderstood(resource)
      case 'structure':
        return demandValid(resource, type)
      case 'profile':
        return demandConforming(resource)
    }
  }
}

function parseLevels(setting: string): { general: ValidationLevel; byType: Map<string, ValidationLevel> } {
  let general: ValidationLevel | undefined
  const byType = new Map<string, ValidationLevel>()
  for (const part of setting.split(',')) {
    const [matched, type, level] = /^(?:(\w+)=)?(off|structure|profile)$/.exec(part) ?? []
    if (matched === undefined) throw new RangeError('off, structure or profile expected')
    if (type !== undefined && !isResourceType(type))
      throw new RangeError('names a type that R4 does not have')
    const isTwice = type === undefined ? general !== undefined : byType.has(type)
    if (isTwice) throw new RangeError('gives two levels for the same types')
    if (type === undefined) general = level as ValidationLevel
    else byType.set(type, level as ValidationLevel)
  }
  return { general: general ?? 'structure', byType }
}

/** Nothing but that it is a resource, of the type expected. */
function demandResource(json: Json, expectedType: string | undefined): Resource {
  const wrong = misfit(json, expectedType)
  if (wrong !== undefined) throw FhirError.structure(wrong, 'resourceType')
  return json as Resource
}

function demandUnderstood(resource: Resource): Resource {
  const issues = validate(resource).filter(({ code }) => code !== 'required' && code !== 'invariant')
  if (issues.length > 0) throw FhirError.unprocessable(issues)
  return resource
}

function demandConforming(resource: Resource): Resource {
  const issues = validateProfile(resource, { errorsOnly: true })
  if (issues.length > 0) throw FhirError.unprocessable(issues)
  return resource
}
