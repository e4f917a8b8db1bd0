import ts from 'typescript'

/** A source file, by its path from the root of the repository. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Folders of `src` from the top down; an import goes down, or to a peer that is named below. */
const tiers: readonly (readonly string[])[] = [
  ['cli', 'demo', 'console'],
  ['rest'],
  ['subscription', 'reindex', 'import', 'linkage'],
  ['interactions', 'export'],
  ['governance'],
  ['identity', 'deid', 'audit', 'auth'],
  ['store'],
  ['access'],
  ['resources'],
  ['fhir'],
]
const peers = ['export → interactions', 'audit → identity', 'auth → identity', 'auth → audit']
const pure = ['fhir', 'resources', 'access', 'deid']

/** What a pure file may use from elsewhere; of `node:crypto` what is arithmetic. */
const pureModules: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'timingSafeEqual'],
  saxes: ['SaxesParser'],
  'node:module': ['createRequire'], // of tables that are large and seldom asked for
}
/** Packages that compute and no more: nothing outside their arguments is read or written. */
const purePackages = [...['fhirpath', 'fhirpath/fhir-context/r4', '@lhncbc/ucum-lhc', 'saxes']]
/** The two that read the definitions, once, when they are loaded. */
const readers = ['src/fhir/definitions.ts', 'src/fhir/package.ts']

/** Who may write SQL over a schema. `store/condition.ts` joins clinical rows to the two others. */
const owners: Readonly<Record<string, readonly string[]>> = {
  clinical: ['src/store/'],
  identity: ['src/identity/vault', 'src/store/condition.ts'],
  governance: [
    'src/governance/permit-secrets.ts',
    ...['src/governance/records.ts', 'src/governance/permits.ts', 'src/governance/members.ts'],
    'src/governance/membership.ts',
    ...['src/governance/merges.ts', 'src/governance/emergencies.ts'],
    ...['src/governance/opposed.ts', 'src/governance/erased.ts'],
    ...['src/governance/reidentification-records.ts', 'src/governance/reidentification-keys.ts'],
    'src/store/condition.ts',
  ],
  audit: ['src/audit/rows.ts'],
  auth: ['src/auth/'],
  export: ['src/export/jobs.ts', 'src/export/jobs-taken-back.ts', 'src/export/safe-keys.ts'],
  async: ['src/interactions/async/jobs.ts', 'src/interactions/async/job-keys.ts'],
  import: ['src/import/jobs.ts'],
  subscription: ['src/interactions/subscriptions/records.ts'],
}

const longestFile = 300

type Rule = (file: SourceFile, source: ts.SourceFile) => readonly string[]

/** @returns one line for each broken rule, `path: what`; `[]` when all hold */
export function violations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true)
    return rules.flatMap((rule) => rule(file, source)).map((what) => `${file.path}: ${what}`)
  })
}

const folderOf = (path: string) => /^src\/([a-z]+)\//.exec(path)?.[1]
const tierOf = (folder: string) => tiers.findIndex((tier) => tier.includes(folder))
const isPure = (path: string) => pure.includes(folderOf(path) ?? '')

const arrows: Rule = ({ path }, source) => {
  const from = folderOf(path)
  if (from === undefined) return [] // main.ts and its like wire everything
  if (tierOf(from) === -1) return ['a folder that has no place in the arrows']
  return imports(source).flatMap(({ module }) => {
    const target = resolve(path, module)
    if (target === undefined) return []
    if (target.startsWith('migrations/')) return from === 'store' ? [] : ['imports a migration']
    const to = folderOf(target)
    if (to === undefined) return rootModule(from, target)
    return to === from || tierOf(to) > tierOf(from) || peers.includes(`${from} → ${to}`)
      ? []
      : [`${from} imports ${to}, against the arrows`]
  })
}

/** Of the files right under `src`, `config.ts` and `log.ts` may be read from below, the others wire. */
function rootModule(from: string, target: string): string[] {
  if (tierOf(from) === 0) return []
  const isLeaf = ['src/config.ts', 'src/log.ts'].includes(target)
  return isLeaf && !pure.includes(from) ? [] : [`${from} imports ${target}`]
}

const purity: Rule = ({ path }, source) => {
  if (!isPure(path)) return []
  const foreign = imports(source).flatMap(({ module, names, isType }) => {
    if (module.startsWith('.') || isType || purePackages.includes(module)) return []
    if (readers.includes(path) && ['node:fs', 'node:zlib'].includes(module)) return []
    const allowed = pureModules[module]
    if (!allowed) return [`is pure and imports ${module}`]
    return names.filter((name) => !allowed.includes(name)).map((name) => `is pure and imports ${name}`)
  })
  const impure = descendants(source).flatMap((node) => {
    if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && !node.arguments?.length)
      return ['is pure and reads the clock: new Date()']
    if (!ts.isPropertyAccessExpression(node)) return []
    const name = `${node.expression.getText()}.${node.name.text}`
    const isImpure =
      ['Date.now', 'Math.random'].includes(name) || /^(process|performance|console|crypto)\./.test(name)
    return isImpure ? [`is pure and uses ${name}`] : []
  })
  return [...foreign, ...impure]
}

const environment: Rule = ({ path }, source) => {
  if (path === 'src/config.ts') return []
  const reads = descendants(source).some(
    (node) => ts.isPropertyAccessExpression(node) && node.getText() === 'process.env',
  )
  return reads ? ['reads process.env, which config.ts alone does'] : []
}

const tables: Rule = ({ path }, source) => {
  const text = descendants(source)
    .filter(isText)
    .map((node) => node.text)
    .join('\n')
  const found = text.matchAll(/\b(?:FROM|INTO|UPDATE|JOIN|TABLE|TRUNCATE|ONLY)\s+([a-z]+)\.[a-z_]+/g)
  return [...new Set([...found].map(([, schema = '']) => schema))].flatMap((schema) => {
    const allowed = owners[schema]
    return !allowed || allowed.some((owner) => path.startsWith(owner))
      ? []
      : [`writes SQL over schema ${schema}`]
  })
}

const wiring: Rule = (_, source) =>
  descendants(source).flatMap((node) => {
    if (ts.isIdentifier(node) && node.text === 'forwardRef') return ['uses forwardRef']
    return ts.isDecorator(node) && /^@Global\b/.test(node.getText()) ? ['is @Global'] : []
  })

const unknownTypes: Rule = (_, source) =>
  descendants(source).some((node) => node.kind === ts.SyntaxKind.AnyKeyword) ? ['uses the type any'] : []

const length: Rule = ({ text }) =>
  text.trimEnd().split('\n').length > longestFile ? [`is longer than ${longestFile} lines`] : []

const definitions: Rule = ({ path }, source) => {
  if (readers.includes(path)) return []
  const reads = descendants(source).some((node) => isText(node) && /fhir-profiles\//.test(node.text))
  return reads ? ['reads fhir-profiles, which definitions.ts alone does'] : []
}

const rules: readonly Rule[] = [
  ...[arrows, purity, environment, tables, wiring, unknownTypes, length, definitions],
]

interface Import {
  readonly module: string
  readonly names: readonly string[]
  readonly isType: boolean
}

/** `import`, `export … from` and `import()`. */
function imports(source: ts.SourceFile): Import[] {
  return descendants(source).flatMap((node): Import[] => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [module] = node.arguments
      return module && ts.isStringLiteral(module)
        ? [{ module: module.text, names: ['*'], isType: false }]
        : []
    }
    const isDeclaration = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
    if (!isDeclaration || !node.moduleSpecifier || !ts.isStringLiteral(node.moduleSpecifier)) return []
    const module = node.moduleSpecifier.text
    if (ts.isExportDeclaration(node)) return [{ module, names: ['*'], isType: node.isTypeOnly }]
    const clause = node.importClause
    const named = clause?.namedBindings
    const names = named && ts.isNamedImports(named) ? named.elements.map((one) => one.name.text) : ['*']
    return [{ module, names, isType: clause?.phaseModifier === ts.SyntaxKind.TypeKeyword }]
  })
}

/** @returns path from the root of the repository; undefined for a package or a module of Node.js */
function resolve(path: string, module: string): string | undefined {
  return module.startsWith('.') ? new URL(module, `file:///${path}`).pathname.slice(1) : undefined
}

function descendants(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = []
  const visit = (child: ts.Node): void => {
    found.push(child)
    ts.forEachChild(child, visit)
  }
  ts.forEachChild(node, visit)
  return found
}

type Text = ts.StringLiteralLike | ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail

function isText(node: ts.Node): node is Text {
  return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name
}
