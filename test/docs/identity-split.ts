import { resourceTypes, typeDefinition, types, type PropertyDefinition } from '../../src/fhir/definitions.ts'
import {
  codedValues,
  datedValues,
  datesOfPersons,
  sealedExtensions,
} from '../../src/resources/extension-split.ts'
import { sealedElements, sealedPlaces, sealedTypes, splitRules } from '../../src/resources/identity-split.ts'

/** docs/identity-split.md, written from the rules. */
export function identitySplitPage(): string {
  const byType = resourceTypes.map((type) => [type, kept(type)] as const)
  const everywhere = keptEverywhere(byType.map(([, names]) => names))
  return [
    introduction,
    '## Datatypes that are sealed whole\n',
    `${[...sealedTypes].map(code).join(', ')}; and ${code('string')}, unless a required binding lists its values.\n`,
    '## Elements sealed for where they stand\n',
    table(
      'place',
      sealedPlaces.map(({ what, why }) => [what, why]),
    ),
    '## Elements sealed by name\n',
    table(
      'element',
      Object.entries(sealedElements).map(([name, why]) => [code(name), why]),
    ),
    '## Extensions\n',
    extensions,
    table(
      'sealed whatever its value',
      Object.entries(sealedExtensions).map(([url, why]) => [code(url), why]),
    ),
    '## What stays of the other datatypes\n',
    list(dataTypes().map((type) => [type, kept(type)])),
    '## What stays of each resource type\n',
    `Of all types that have them: ${everywhere.join(', ')}.\n`,
    list(byType.map(([type, names]) => [type, names.filter((name) => !everywhere.includes(name))])),
  ].join('\n')
}

const introduction = `# What lies in clear, and what only the vault holds

The test \`test/docs/identity-split.test.ts\` writes this page from the rules in
\`src/resources/identity-split.ts\` and fails when they differ; \`UPDATE_DOCS=1\` makes it write. Why the split
is made so is told in [0003](decisions/0003-identity-split.md) and
[0024](decisions/0024-elements-sealed-by-name.md), of extensions in
[0036](decisions/0036-extensions-by-the-type-of-their-value.md).

**What this page does not name is sealed.** An element of another datatype stays as far as its parts do. Some
depend on what is in them:

- \`Reference.reference\` stays when it is local or leads to a contained resource, with the patient's internal
  key in place of a logical id of a Patient; any other URL and every search is sealed.
- A \`unit\` stays when it repeats the code beside it, else it is text.
- \`contained\` resources stay by the rules of their own types.

Extensions have [rules of their own](#extensions) and are not named again.

“(coarser)” says that the value is sealed and that less of it stays: the year of a birth date, the French
department and the country of an address in use, of identifiers the Study Instance UID.
`

const codes = (names: ReadonlySet<string>) => [...names].map(code).join(', ')

const extensions = `Of an \`extension\`, a \`modifierExtension\` and the extensions of a primitive that stays (\`_status\`) the
\`url\` stays, and the value by its type: ${codes(codedValues)}, as far as their parts do.

Dates and times (${codes(datedValues)}) stay too where the definition of the extension is in \`fhir-profiles\` and the
resource is about no person: not in ${codes(datesOfPersons)}. All other values are sealed.

Extensions inside an extension go by these rules; one with a mere name for a URL is as known as the one around
it. What stands below a sealed element, \`_birthDate\` for one, is sealed with it.
`

/** Names of the elements that stay, parts of backbone elements after a dot, choices by their path. */
function kept(type: string, within: readonly string[] = []): string[] {
  const names = [...typeDefinition(type).properties.values()].flatMap((property) =>
    keptNames(type, property, within),
  )
  return [...new Set(names)]
}

function keptNames(type: string, property: PropertyDefinition, within: readonly string[]): string[] {
  const { name, type: inner, choice } = property
  const rule = splitRules(type).get(name)
  if (rule === undefined || rule === 'seal' || inner === 'Extension') return []
  if (rule === 'resource' || typeof rule === 'string') return [nameOf(type, property)]
  if ('coarsen' in rule) return [`${name} (coarser)`]
  if (choice !== undefined) return [nameOf(type, property)]
  if (!isBackbone(inner)) return kept(inner).length > 0 ? [name] : []
  if (within.includes(inner)) return [`${name} (the same again)`]
  return kept(inner, [...within, inner]).map((part) => `${name}.${part}`)
}

/** `value[x]` when every choice of it stays, else the one by its JSON name. */
function nameOf(type: string, { name, choice }: PropertyDefinition): string {
  if (choice === undefined) return name
  const all = [...typeDefinition(type).properties.values()].filter((other) => other.choice === choice)
  return all.every((other) => stays(type, other)) ? code(`${choice}[x]`) : name
}

function stays(type: string, { name }: PropertyDefinition): boolean {
  const rule = splitRules(type).get(name)
  return rule === 'keep' || (typeof rule === 'object' && 'type' in rule && !sealedTypes.has(rule.type))
}

const isBackbone = (type: string) => type.includes('.')

/** Datatypes that are neither primitive nor sealed, and of which something stays. */
function dataTypes(): string[] {
  const used = new Set<string>()
  for (const [name, { properties }] of types) {
    if (sealedTypes.has(name)) continue
    for (const { primitive, type } of properties.values())
      if (
        !primitive &&
        !['Resource', 'Extension'].includes(type) &&
        !isBackbone(type) &&
        !sealedTypes.has(type)
      )
        used.add(type)
  }
  return [...used].sort()
}

/** What nearly all types have: Binary, Bundle and Parameters are no DomainResources. */
function keptEverywhere(byType: readonly (readonly string[])[]): string[] {
  const names = byType[0] ?? []
  return names.filter((name) => byType.filter((others) => others.includes(name)).length >= byType.length - 3)
}

function table(head: string, rows: readonly (readonly [string, string])[]): string {
  return [`| ${head} | why |`, '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`), ''].join('\n')
}

function list(rows: readonly (readonly [string, readonly string[]])[]): string {
  return [...rows.map(([name, parts]) => `- **${name}**: ${parts.join(', ') || 'nothing'}`), ''].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
