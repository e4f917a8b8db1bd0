import { restrict } from '../access/access.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import { escapeValue } from '../fhir/search/search-escape.ts'
import { blocksOf } from '../identity/linkage/blocks.ts'
import { traitsOf, type Traits } from '../identity/linkage/traits.ts'
import { noteLinkage } from '../store/linkage-notes.ts'
import { currents } from '../store/resources.ts'
import type { StoredRow } from '../store/row.ts'
import { search } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import { parseOptions, type Context } from './context.ts'
import type { Released } from '../governance/gate.ts'
import { resourceOf } from './released.ts'
import type { Written } from './write.ts'

/** What is asked of the search for those who may be one person with somebody, a question for each block. */
export function questionsAbout(person: Traits): readonly [string, string][][] {
  const { ins, days, names } = blocksOf(person)
  return [
    ...ins.map((one): [string, string][] => {
      const [system = '', matricule = ''] = one.split('|')
      return [['identifier', `${escapeValue(system)}|${escapeValue(matricule)}`]]
    }),
    ...days.map((day): [string, string][] => [['birthdate', day]]),
    ...names.map(([family, given]): [string, string][] => [
      ['phonetic', family],
      ['phonetic', given],
    ]),
  ]
}

/** Patients by key, in no order; who is not there, or no longer, is left out. */
export async function patientsByKey(
  tx: Tx,
  { access, gate }: Pick<Context, 'access' | 'gate'>,
  keys: readonly string[],
): Promise<Released[]> {
  const rows = await currents(
    tx,
    keys.map((id) => ({ type: 'Patient', id })),
  )
  return gate.release(tx, access, rows)
}

/**
 * The Patients of one block, under the caller's rights.
 *
 * @returns undefined when there are more than `limit`
 */
export async function patientsOfBlock(
  tx: Tx,
  context: Context,
  question: readonly [string, string][],
  limit: number,
): Promise<readonly StoredRow[] | undefined> {
  const { query } = parseQuery('Patient', question, parseOptions(context, 'strict'))
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const page = await search(tx, prepared, { after: undefined, limit })
  return page.next === undefined ? page.rows : undefined
}

/**
 * Notes Patients to be looked at beside the requests: those of whom something was written by which persons
 * are compared.
 *
 * @param before what was there, by `type/internal id`
 */
export async function noteNewTraits(
  tx: Tx,
  written: readonly Written[],
  before: ReadonlyMap<string, Released>,
): Promise<void> {
  const changed = written.filter(({ type, internal, unchanged, resource }) => {
    if (type !== 'Patient' || unchanged) return false
    const former = before.get(`Patient/${internal}`)
    return !former || !sayTheSame(traitsOf(resourceOf(former)), traitsOf(resource))
  })
  await noteLinkage(
    tx,
    'look',
    changed.map(({ internal }) => internal),
  )
}

function sayTheSame(one: Traits, other: Traits): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
