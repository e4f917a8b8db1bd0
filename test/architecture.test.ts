import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { violations } from './support/architecture.ts'

const root = join(import.meta.dirname, '..')

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => `src/${path}`)
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

describe('the source', () => {
  it('is found', () => {
    expect(files.map(({ path }) => path)).toContain('src/governance/gate.ts')
  })

  it('keeps to the arrows, the purity and the places that STYLE.md gives', () => {
    expect(violations(files)).toEqual([])
  })
})

describe('the rules', () => {
  const judge = (path: string, text: string) =>
    violations([{ path, text }]).map((line) => line.replace(`${path}: `, ''))

  it.each([
    ['an import upwards', 'src/store/a.ts', `import { a } from '../governance/gate.ts'`],
    ['one of a type', 'src/fhir/a.ts', `import type { Access } from '../access/access.ts'`],
    ['one by re-export', 'src/access/a.ts', `export { sql } from '../store/sql.ts'`],
    ['one at run time', 'src/audit/a.ts', `const { a } = await import('../rest/server.ts')`],
    ['one of a peer', 'src/deid/a.ts', `import { Trail } from '../audit/trail.ts'`],
    ['one of what wires', 'src/governance/a.ts', `import { AppModule } from '../app.module.ts'`],
    ['one of the settings by a pure file', 'src/deid/a.ts', `import { Settings } from '../config.ts'`],
    ['a migration outside store', 'src/auth/a.ts', `import { a } from '../../migrations/index.ts'`],
    ['a folder without a place', 'src/utils/a.ts', ``],
    ['Nest in a pure file', 'src/resources/a.ts', `import { Module } from '@nestjs/common'`],
    ['files in a pure file', 'src/fhir/a.ts', `import { readFileSync } from 'node:fs'`],
    ['randomness in a pure file', 'src/deid/a.ts', `import { randomBytes } from 'node:crypto'`],
    ['Math.random in one', 'src/deid/a.ts', `export const a = Math.random()`],
    ['the clock in one', 'src/access/a.ts', `export const a = Date.now()`],
    ['the clock in one, as a Date', 'src/access/a.ts', `export const a = new Date()`],
    ['the environment', 'src/rest/a.ts', `export const a = process.env['A']`],
    ['clinical SQL outside store', 'src/export/a.ts', 'sql`SELECT body FROM clinical.resource`'],
    [
      'identity’s SQL outside the vault',
      'src/governance/a.ts',
      'sql`DELETE FROM identity.sealed WHERE ${a}`',
    ],
    ['a second file with the trail’s SQL', 'src/audit/a.ts', 'sql`${a} UNION SELECT b FROM audit.event`'],
    ['forwardRef', 'src/auth/a.ts', `Inject(forwardRef(() => A))`],
    ['a global module', 'src/auth/a.ts', `@Global() class A {}`],
    ['any', 'src/rest/a.ts', `export const a = (b: any[]) => b`],
    ['a long file', 'src/rest/a.ts', 'f()\n'.repeat(301)],
    ['a second reader of the definitions', 'src/rest/a.ts', `open('fhir-profiles/a.tgz')`],
  ])('find %s', (_, path, text) => {
    expect(judge(path, text)).toHaveLength(1)
  })

  it.each([
    ['an import downwards', 'src/rest/a.ts', `import { Gate } from '../governance/gate.ts'`],
    ['one within the folder', 'src/fhir/a.ts', `import { b } from './b.ts'`],
    ['one by a folder at the top', 'src/cli/a.ts', `import { AppModule } from '../app.module.ts'`],
    ['the settings, above the pure folders', 'src/store/a.ts', `import { Settings } from '../config.ts'`],
    ['an HMAC in a pure file', 'src/deid/a.ts', `import { createHmac } from 'node:crypto'`],
    ['a date that was given', 'src/deid/a.ts', `export const a = new Date(0)`],
    ['a schema’s name in a comment', 'src/rest/a.ts', `// SELECT body FROM clinical.resource`],
    ['300 lines', 'src/rest/a.ts', 'f()\n'.repeat(300)],
  ])('let %s be', (_, path, text) => {
    expect(judge(path, text)).toEqual([])
  })
})
