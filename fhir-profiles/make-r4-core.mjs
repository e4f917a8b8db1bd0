/**
 * Makes `hl7.fhir.r4.core-4.0.1.tgz` beside this file from the npm package `hl7.fhir.r4.examples`
 * (HL7, CC0-1.0), which carries every definition resource of FHIR R4 4.0.1. Kept: what the engine
 * reads. Dropped: narrative, prose, mappings; of types the differential, of profiles the snapshot, which
 * the engine makes itself. Run it only to change what is kept:
 *
 *   node fhir-profiles/make-r4-core.mjs
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createTarGzip } from 'nanotar'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const source = here('../node_modules/hl7.fhir.r4.examples/')

const pick = (object, names) =>
  Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]))

const bySystem = (url) => /^http:\/\/(hl7\.org\/fhir|terminology\.hl7\.org)\//.test(url ?? '')

const concepts = (list) =>
  list?.map((concept) => ({
    ...pick(concept, ['code', 'display']),
    ...(concept.concept ? { concept: concepts(concept.concept) } : {}),
    ...properties(concept),
    ...designations(concept),
  }))

/** v3 code systems give their hierarchy as `subsumedBy` instead of nesting; the others say what a code is good for. */
const kept = new Set(['subsumedBy', 'notSelectable', 'status'])

const properties = (concept) => {
  const found = concept.property?.filter((property) => kept.has(property.code))
  return found?.length
    ? { property: found.map((one) => pick(one, ['code', 'valueCode', 'valueBoolean'])) }
    : {}
}

const designations = ({ designation }) =>
  designation?.length
    ? { designation: designation.map((one) => pick(one, ['language', 'use', 'value'])) }
    : {}

const element = (definition) => ({
  ...pick(definition, [
    'id',
    'path',
    'sliceName',
    'min',
    'max',
    'contentReference',
    'isModifier',
    'isSummary',
  ]),
  ...pick(
    definition,
    Object.keys(definition).filter((name) => /^(fixed|pattern|minValue|maxValue)[A-Z]/.test(name)),
  ),
  ...(definition.type
    ? { type: definition.type.map((type) => pick(type, ['code', 'profile', 'targetProfile', 'extension'])) }
    : {}),
  ...(definition.binding ? { binding: pick(definition.binding, ['strength', 'valueSet']) } : {}),
  ...(definition.constraint
    ? {
        constraint: definition.constraint
          .filter((constraint) => constraint.key !== 'ele-1' && constraint.key !== 'ext-1')
          .map((constraint) => pick(constraint, ['key', 'severity', 'human', 'expression'])),
      }
    : {}),
})

const profiled = (definition) => ({
  ...element(definition),
  ...pick(definition, ['maxLength']),
  ...(definition.slicing ? { slicing: pick(definition.slicing, ['discriminator', 'ordered', 'rules']) } : {}),
})

/** Profiles and extensions; SimpleQuantity, which R4's own types name, keeps its snapshot. */
const isProfile = (r) => r.derivation === 'constraint' && r.type !== 'Quantity'

const keep = {
  StructureDefinition: (r) =>
    bySystem(r.url) && r.snapshot
      ? {
          ...pick(r, ['resourceType', 'id', 'url', 'version', 'name', 'status', 'kind', 'abstract', 'type']),
          ...pick(r, ['baseDefinition', 'derivation']),
          ...(isProfile(r)
            ? { ...pick(r, ['context']), differential: { element: r.differential.element.map(profiled) } }
            : { snapshot: { element: r.snapshot.element.map(element) } }),
        }
      : undefined,
  // the 1,375 of the official search-parameters.json: those have a publisher; the examples and the
  // parameters over HL7's extensions have none, and `_filter` is described beside the list, not in it
  SearchParameter: (r) =>
    /^http:\/\/hl7\.org\/fhir\/SearchParameter\//.test(r.url) &&
    r.code &&
    r.base &&
    r.publisher &&
    r.code !== '_filter' &&
    !/^example/.test(r.id)
      ? pick(r, [
          ...['resourceType', 'id', 'url', 'version', 'name', 'status', 'code', 'base', 'type', 'expression'],
          ...['target', 'multipleOr', 'multipleAnd', 'comparator', 'modifier', 'chain', 'component'],
        ])
      : undefined,
  ValueSet: (r) =>
    bySystem(r.url) && r.compose
      ? {
          ...pick(r, ['resourceType', 'id', 'url', 'version', 'name', 'status']),
          compose: {
            ...(r.compose.include ? { include: r.compose.include.map(include) } : {}),
            ...(r.compose.exclude ? { exclude: r.compose.exclude.map(include) } : {}),
          },
        }
      : undefined,
  CodeSystem: (r) =>
    bySystem(r.url) && r.concept
      ? {
          ...pick(r, ['resourceType', 'id', 'url', 'version', 'name', 'status', 'caseSensitive', 'content']),
          ...pick(r, ['hierarchyMeaning']),
          concept: concepts(r.concept),
        }
      : undefined,
  CompartmentDefinition: (r) =>
    bySystem(r.url) && !/example/.test(r.id)
      ? {
          ...pick(r, ['resourceType', 'id', 'url', 'version', 'name', 'status', 'code', 'search']),
          resource: r.resource.map((entry) => pick(entry, ['code', 'param'])),
        }
      : undefined,
}

function include(part) {
  return {
    ...pick(part, ['system', 'version', 'filter', 'valueSet']),
    ...(part.concept ? { concept: part.concept.map((concept) => pick(concept, ['code', 'display'])) } : {}),
  }
}

const resources = readdirSync(source)
  .filter((name) => name.endsWith('.json') && name.split('-')[0] in keep)
  .sort()
  .flatMap((name) => {
    const resource = JSON.parse(readFileSync(source + name, 'utf8'))
    const kept = keep[resource.resourceType]?.(resource)
    return kept ? [kept] : []
  })
const filename = (resource) => `${resource.resourceType}-${resource.id}.json`
const files = resources.map((resource) => ({
  name: `package/${filename(resource)}`,
  data: JSON.stringify(resource),
}))

/** The index that every published package carries; with it a reader parses only what it needs. */
const index = {
  'index-version': 1,
  files: resources.map((resource) => ({
    filename: filename(resource),
    ...pick(resource, ['resourceType', 'id', 'url', 'version', 'kind', 'type']),
  })),
}

const manifest = {
  name: 'hl7.fhir.r4.core',
  version: '4.0.1',
  fhirVersions: ['4.0.1'],
  type: 'Core',
  license: 'CC0-1.0',
  canonical: 'http://hl7.org/fhir',
  description: 'Definitions of FHIR R4 without prose, made from hl7.fhir.r4.examples by make-r4-core.mjs',
  author: 'HL7 Inc',
}
files.unshift(
  { name: 'package/package.json', data: JSON.stringify(manifest, null, 2) },
  { name: 'package/.index.json', data: JSON.stringify(index) },
)
writeFileSync(here('hl7.fhir.r4.core-4.0.1.tgz'), await createTarGzip(files, { attrs: { mtime: 0 } }))
console.log(files.length, 'files')
