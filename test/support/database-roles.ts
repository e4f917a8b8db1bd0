import type pg from 'pg'

/** Schemas that are the server's own; in `public` lies TypeORM's list of migrations. */
const ours = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
const roles = ['coffre_care', 'coffre_research', 'coffre_identity', 'coffre_audit'] as const
const grantee = (oid: string) => `CASE ${oid} WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(${oid}) END`

/**
 * The lines of docs/database-roles.md that say who may do what with each table, as the catalogue of a database has it:
 * `` | `clinical.resource` | care | research | identity | audit | ``.
 *
 * @throws TypeError when somebody else than the owner and the four roles has a right
 */
export async function tableLines(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string; role: string | null; rights: string | null }>(`
    WITH granted AS (
      SELECT c.oid, a.grantee, lower(a.privilege_type) AS privilege, NULL::name AS column, 0 AS position
      FROM pg_class c CROSS JOIN aclexplode(c.relacl) a WHERE a.grantee <> c.relowner
      UNION ALL
      SELECT c.oid, a.grantee, lower(a.privilege_type), t.attname, t.attnum
      FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN aclexplode(t.attacl) a
      WHERE a.grantee <> c.relowner
    ), rights AS (
      SELECT oid, ${grantee('grantee')} AS role, privilege
             || coalesce(' (' || string_agg("column", ', ' ORDER BY position) || ')', '') AS rights
      FROM granted GROUP BY oid, grantee, privilege
    )
    SELECT format('%I.%I', n.nspname, c.relname) AS table, role,
           string_agg(rights, ', ' ORDER BY strpos('siud', left(rights, 1))) AS rights
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN rights ON rights.oid = c.oid
    WHERE ${ours} AND (c.relkind IN ('r', 'p', 'v', 'm', 'f') OR c.relkind = 'S' AND rights.oid IS NOT NULL)
      AND (NOT c.relispartition OR rights.oid IS NOT NULL)
    GROUP BY n.nspname, c.relname, role ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`)
  const tables = new Map<string, Map<string, string>>()
  for (const { table, role, rights } of rows) {
    const of = tables.get(table) ?? new Map<string, string>()
    tables.set(table, of)
    if (role === null) continue
    if (!roles.some((one) => one === role)) throw new TypeError(`${role} has rights on ${table}`)
    of.set(role, rights ?? '')
  }
  return [...tables].map(([table, of]) => line(table, ...roles.map((role) => of.get(role) ?? '')))
}

/** `` | `governance.reidentify(uuid,text,text)` | owner | care | ``: with whose rights it runs, who may call it. */
export async function functionLines(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; rights: string; callers: string }>(`
    SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
           CASE WHEN p.prosecdef THEN 'owner' ELSE 'caller' END AS rights,
           coalesce((SELECT string_agg(replace(${grantee('a.grantee')}, 'coffre_', ''), ', ' ORDER BY 1)
             FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
             WHERE a.grantee <> p.proowner), '') AS callers
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${ours} ORDER BY n.nspname COLLATE "C", p.proname COLLATE "C"`)
  return rows.map(({ name, rights, callers }) => line(name, rights, callers))
}

/** `` | `audit.event` | may_read | select | audit | true | ``: what a role may see of a table, and write into it. */
export async function policyLines(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string; cells: string[] }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS table,
           ARRAY[p.polname, CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
             WHEN 'd' THEN 'delete' ELSE 'all' END,
             (SELECT string_agg(replace(${grantee('r')}, 'coffre_', ''), ', ' ORDER BY 1) FROM unnest(p.polroles) r)]::text[] AS cells
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", p.polname COLLATE "C"`)
  return rows.map(({ table, cells }) => line(table, ...cells))
}

const line = (name: string, ...cells: string[]) =>
  `| \`${name}\` | ${cells.map((cell) => cell || '–').join(' | ')} |`
