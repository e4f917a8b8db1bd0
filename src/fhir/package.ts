import { readFileSync, readdirSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A conformance resource as it stands in a package: its fields are looked at where they are used. */
export type Conformance = { readonly resourceType: string; readonly url?: string } & Readonly<
  Record<string, unknown>
>

/** A resource that a package holds. Most are value sets that nobody asks for: parsed when first read. */
export interface Held {
  readonly resourceType: string
  readonly url: string | undefined
  /** of a StructureDefinition the type that it defines or constrains */
  readonly type: string | undefined
  /** @throws Error naming the file when it is not JSON */
  readonly read: () => Conformance
}

/**
 * Opens the conformance resources of a folder and the folders in it: FHIR packages (`.tgz`, as
 * published) and loose `.json`, in the order of their names.
 *
 * @throws Error naming the file when one cannot be read; start-up must not go on without it
 * @see https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
export function readPackages(folder: URL): Held[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const { name } = entry
    if (entry.isDirectory()) return readPackages(new URL(`${name}/`, folder))
    if (name.endsWith('.tgz')) return readPackage(new URL(name, folder), name)
    if (name.endsWith('.json')) return [held(parse(readFileSync(new URL(name, folder), 'utf8'), name))]
    return []
  })
}

/** By the package's own `.index.json`; one that has none is parsed whole. */
function readPackage(file: URL, name: string): Held[] {
  const files = readArchive(file, name)
  demandR4(files.get('package/package.json'), name)
  const index = files.get('package/.index.json')
  if (index) {
    const entries = parse(index.toString('utf8'), `${name} .index.json`) as unknown as {
      readonly files: readonly {
        readonly filename: string
        readonly resourceType: string
        readonly url?: string
        readonly type?: string
      }[]
    }
    return entries.files.map(({ filename, resourceType, url, type }) => {
      const content = files.get(`package/${filename}`)
      if (!content) throw new Error(`fhir-profiles: ${name} has no ${filename}, which its index names`)
      const read = once(() => parse(content.toString('utf8'), `${name} ${filename}`))
      return { resourceType, url, type, read }
    })
  }
  return [...files]
    .filter(([path]) => /^package\/[^/.][^/]*\.json$/.test(path) && path !== 'package/package.json')
    .map(([path, content]) => held(parse(content.toString('utf8'), `${name} ${path}`)))
}

function readArchive(file: URL, name: string): Map<string, Buffer> {
  try {
    return readTar(gunzipSync(readFileSync(file)))
  } catch (cause) {
    throw new Error(`fhir-profiles: ${name} is not a gzipped tar archive`, { cause })
  }
}

/** A package of another version has other types under the same URLs. One that does not say is taken. */
function demandR4(manifest: Buffer | undefined, name: string): void {
  if (!manifest) return
  const { fhirVersions } = parse(manifest.toString('utf8'), `${name} package.json`) as {
    fhirVersions?: unknown
  }
  if (!Array.isArray(fhirVersions) || fhirVersions.some((version) => /^4\.0(\.|$)/.test(String(version))))
    return
  throw new Error(`fhir-profiles: ${name} is not for FHIR R4 (4.0)`)
}

function held(resource: Conformance): Held {
  const { resourceType, url, type } = resource
  return { resourceType, url, type: typeof type === 'string' ? type : undefined, read: () => resource }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const blockSize = 512

/**
 * The regular files of a tar archive by path: header blocks and slices, nothing copied.
 *
 * @see POSIX.1-1988 ustar: name at 0 (100 bytes), size in octal at 124, type at 156, prefix at 345
 */
function readTar(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + blockSize <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(tar, at + 124, 12), 8)
    if (!Number.isSafeInteger(size)) throw new TypeError('a size that is no number')
    const type = tar[at + 156]
    const prefix = text(tar, at + 257, 5) === 'ustar' ? text(tar, at + 345, 155) : ''
    const path = (prefix === '' ? '' : `${prefix}/`) + text(tar, at, 100)
    const content = at + blockSize
    if (type === 0 || type === 0x30) files.set(path, tar.subarray(content, content + size))
    at = content + Math.ceil(size / blockSize) * blockSize
  }
  return files
}

/** A header field: it ends at its first NUL. */
function text(tar: Buffer, start: number, length: number): string {
  const field = tar.toString('latin1', start, start + length)
  const end = field.indexOf('\0')
  return (end < 0 ? field : field.slice(0, end)).trim()
}

function parse(text: string, name: string): Conformance {
  try {
    return JSON.parse(text) as Conformance
  } catch (cause) {
    throw new Error(`fhir-profiles: ${name} is not JSON`, { cause })
  }
}
