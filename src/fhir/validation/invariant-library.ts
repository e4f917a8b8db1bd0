import type * as Fhirpath from 'fhirpath'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

let library: typeof Fhirpath | undefined
let model: Fhirpath.Model | undefined

/** The FHIRPath library. It takes 100 ms to load: a server that validates structure alone never does. */
export function fhirpath(): typeof Fhirpath {
  return (library ??= require('fhirpath') as typeof Fhirpath)
}

/** What the library must know of R4. */
export function fhirpathModel(): Fhirpath.Model {
  return (model ??= require('fhirpath/fhir-context/r4') as Fhirpath.Model)
}
