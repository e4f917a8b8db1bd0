import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createTarGzip } from 'nanotar'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CanonicalMap } from '../../src/fhir/canonical-map.ts'
import { readPackages } from '../../src/fhir/package.ts'
import { Profiles } from '../../src/fhir/validation/profile-tree.ts'
import { validateProfile } from '../../src/fhir/validation/validate-profile.ts'
import { profile } from './validation/profile-support.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coffre-packages-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = () => readPackages(pathToFileURL(`${folder}/`))
const born = profile('born', 'Patient', [{ path: 'Patient.birthDate', min: 1 }], { version: '2.1.0' })

/** What is told of a Patient without a birth date, by the packages in the folder alone. */
function codes(against: string): string[] {
  const held = new CanonicalMap(read())
  const profiles = new Profiles((url) => held.get(url))
  const issues = validateProfile(
    { resourceType: 'Patient' },
    { against: [against], errorsOnly: true, profiles },
  )
  return issues.map(({ code }) => code)
}

async function writePackage(name: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  const entries = Object.entries(files).map(([path, content]) => ({
    name: `package/${path}`,
    data: JSON.stringify(content),
  }))
  writeFileSync(join(folder, name), await createTarGzip(entries))
}

describe('the folder of packages', () => {
  it('holds published packages, with an index or without', async () => {
    const files = [
      { filename: 'b.json', resourceType: 'StructureDefinition', url: born.url, type: 'Patient' },
    ]
    await writePackage('a.tgz', { 'package.json': { name: 'a' }, 'c.json': { ...born, url: 'urn:c' } })
    await writePackage('b.tgz', { '.index.json': { files }, 'b.json': born, 'not-in-it.json': {} })
    expect(read().map(({ url, type }) => [url, type])).toEqual([
      ['urn:c', 'Patient'],
      [born.url, 'Patient'],
    ])
    expect(read()[1]?.read()).toEqual(born)
  })

  it('holds single resources, in folders too', () => {
    mkdirSync(join(folder, 'ours'))
    writeFileSync(join(folder, 'ours', 'born.json'), JSON.stringify(born))
    expect(read().map(({ url }) => url)).toEqual([born.url])
  })

  it('gives profiles to validate against, by URL and version, when all that they rest on is there', async () => {
    await writePackage('a.tgz', { 'born.json': born })
    expect(codes(born.url)).toEqual(['not-supported'])
    const patient = {
      ...born,
      url: 'http://hl7.org/fhir/StructureDefinition/Patient',
      derivation: 'specialization',
    }
    writeFileSync(join(folder, 'patient.json'), JSON.stringify(patient))
    expect(codes(born.url)).toEqual(['required'])
    expect(codes(`${born.url}|2.1.0`)).toEqual(['required'])
    expect(codes(`${born.url}|2.0.0`)).toEqual(['not-supported'])
  })

  it.each<[string, string, () => Promise<void> | void]>([
    ['is no archive', 'x.tgz', () => writeFileSync(join(folder, 'x.tgz'), 'not a package')],
    ['is not JSON', 'x.json', () => writeFileSync(join(folder, 'x.json'), '{')],
    [
      'is for another version of FHIR',
      'x.tgz',
      () => writePackage('x.tgz', { 'package.json': { fhirVersions: ['5.0.0'] } }),
    ],
    [
      'lacks what its index names',
      'x.tgz',
      () => writePackage('x.tgz', { '.index.json': { files: [{ filename: 'gone.json' }] } }),
    ],
  ])('stops the start with the name of a file that %s', async (_, name, write) => {
    await write()
    expect(read).toThrow(name)
  })
})
