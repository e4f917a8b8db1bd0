import { readFileSync, readdirSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parseTar } from 'nanotar'

/** A conformance resource as it stands in a package: its fields are looked at where they are used. */
export type Conformance = { readonly resourceType: string; readonly url?: string } & Readonly<
  Record<string, unknown>
>

/**
 * Reads every conformance resource of a folder: FHIR packages (`.tgz`, as published) and loose `.json`.
 *
 * @throws Error naming the file when one is not readable; start-up must not go on without it
 * @see https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
export function readPackages(folder: URL): Conformance[] {
  const names = readdirSync(folder).sort()
  return names.flatMap((name) => {
    if (name.endsWith('.tgz')) return readPackage(new URL(name, folder))
    if (name.endsWith('.json')) return [parse(readFileSync(new URL(name, folder), 'utf8'), name)]
    return []
  })
}

function readPackage(file: URL): Conformance[] {
  const entries = parseTar(gunzipSync(readFileSync(file)))
  return entries
    .filter((entry) => /^package\/[^/]+\.json$/.test(entry.name) && !/\/(package|\.index)\.json$/.test(entry.name))
    .map((entry) => parse(entry.text, entry.name))
}

function parse(text: string, name: string): Conformance {
  try {
    return JSON.parse(text) as Conformance
  } catch (cause) {
    throw new Error(`fhir-profiles: ${name} is not JSON`, { cause })
  }
}
