import { readFileSync, readdirSync } from 'node:fs'
import { isObject, parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { display } from '../../src/fhir/terminology/terminology.ts'
import { deidentify, type ReleaseContext } from '../../src/deid/apply.ts'
import { knownCodeSystems } from '../../src/deid/codes.ts'
import { memberSecret, patientKeys, permitKeys, resourcePseudonym, uid } from '../../src/deid/pseudonym.ts'

/** A permit that releases everything under the rules; secrets are fixed, so that failures can be repeated. */
export function permit(secret = 1, changes: Partial<ReleaseContext> = {}): ReleaseContext {
  const keys = permitKeys(Buffer.alloc(32, secret))
  const member = (id: string) => patientKeys(memberSecret(keys, Buffer.from(id)))
  // an offset longer than what the examples' dates lie apart: none lands on another
  const patient = member('a-patient')
  return {
    permit: `P${secret}`,
    pseudonym: (type, id) =>
      type === 'Patient' ? member(id).pseudonym : resourcePseudonym(keys, patient, type, id),
    isReleased: () => true,
    uid: (text) => uid(keys, text),
    shiftDays: patient.shiftDays,
    display,
    codeSystems: knownCodeSystems,
    clockYear: 2026,
    ...changes,
  }
}

/** What is released of a resource that must be. */
export function release(resource: Json, context: ReleaseContext = permit()): Resource {
  const result = deidentify(resource as Resource, context)
  if ('refused' in result) throw new Error(`refused: ${result.refused.reason} ${result.refused.path}`)
  return result.released
}

const examples = new URL('../../node_modules/hl7.fhir.r4.examples/', import.meta.url)

/** HL7's examples of a type, with their file names. */
export function examplesOf(type: string): { name: string; resource: Resource }[] {
  return readdirSync(examples)
    .filter((name) => name.startsWith(`${type}-`) && name.endsWith('.json'))
    .map((name) => ({ name, resource: parseJson(readFileSync(new URL(name, examples), 'utf8')) as Resource }))
}

/** Every member path of a JSON value, array positions left out: `Observation.code.coding.system`. */
export function pathsOf(value: Json, path: string, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) pathsOf(item, path, found)
  if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      found.add(`${path}.${name}`)
      pathsOf(member, `${path}.${name}`, found)
    }
  }
  return found
}

/** All of a value as text, in lower case, escapes undone: where a canary would be seen. */
export function textOf(value: Json): string {
  return stringifyJson(value).normalize('NFC').toLowerCase()
}
