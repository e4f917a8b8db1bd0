import type { SearchParameter } from '../fhir/definitions.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** A search parameter that was added to this server, with the work that builds its index. */
export interface AddedParameter {
  /** logical id of the SearchParameter resource */
  readonly resource: string
  readonly parameter: SearchParameter & { readonly state: 'building' | 'ready' }
  readonly done: number
  /** rows to index; undefined: not counted yet */
  readonly total: number | undefined
}

/** All of them, by URL. */
export async function addedParameters(tx: Tx): Promise<AddedParameter[]> {
  const rows = await tx.query<{
    resource: string
    definition: string
    state: string
    done: number
    total: number | null
  }>(sql`
    SELECT p.resource, p.definition, r.state, r.done::float8, r.total::float8
      FROM clinical.search_parameter p JOIN clinical.reindex r ON r.id = p.reindex ORDER BY p.url`)
  return rows.map(({ resource, definition, state, done, total }) => ({
    resource,
    done,
    total: total ?? undefined,
    parameter: {
      ...(JSON.parse(definition) as SearchParameter),
      state: state === 'done' ? 'ready' : 'building',
    },
  }))
}

/** Puts a parameter into service; its index is built by the reindex of that id. */
export async function putParameter(
  tx: Tx,
  resource: string,
  parameter: SearchParameter,
  reindex: string,
): Promise<void> {
  const definition = JSON.stringify(parameter)
  await tx.query(sql`DELETE FROM clinical.search_parameter WHERE resource = ${resource}`)
  await tx.query(sql`
    INSERT INTO clinical.search_parameter (url, resource, definition, reindex)
    VALUES (${parameter.url}, ${resource}, ${definition}, ${reindex})`)
}

/** Takes a parameter out of service. What it left in rows goes when they are next written. */
export async function dropParameter(tx: Tx, resource: string): Promise<void> {
  await tx.query(sql`DELETE FROM clinical.search_parameter WHERE resource = ${resource}`)
}
