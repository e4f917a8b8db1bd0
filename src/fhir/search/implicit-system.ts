import { byCanonical } from '../definitions.ts'

interface Include {
  readonly system?: string
  readonly concept?: readonly { readonly code: string }[]
}

/**
 * The system that an element of type `code` leaves unsaid: "the system is defined in the value set".
 *
 * @param valueSet canonical URL of the element's binding
 * @returns undefined for a code whose system the value set does not tell
 * @see FHIR R4 § Search, "token"
 */
export function implicitSystem(valueSet: string): (code: string) => string | undefined {
  const includes = includesOf(valueSet)
  const [first] = includes
  if (first !== undefined && includes.every(({ system }) => system === first.system))
    return () => first.system
  const systems = new Map<string, string>()
  for (const { system, concept } of includes) {
    for (const { code } of concept ?? []) if (system !== undefined) systems.set(code, system)
  }
  return (code) => systems.get(code)
}

function includesOf(valueSet: string): readonly Include[] {
  const compose = byCanonical.get(valueSet)?.['compose']
  return (compose as { include?: readonly Include[] } | undefined)?.include ?? []
}
