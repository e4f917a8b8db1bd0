/** Where a key may stand beside columns of its own type: ids of Patients, references, context of tokens. */
const asText = `'text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype, 'text[]'::regtype`

/**
 * A function that looks for a patient's key in every table of some schemas, whatever tables there are: of
 * each it says how many rows have the key as a value, and in how many it is mentioned in a text. It reads
 * all rows of all tables. Part of migration 0020: not to be edited once it has shipped.
 *
 * @param schema of the function
 * @param where condition on a schema's name `n.nspname`
 */
export const placesOf = (schema: string, where: string) =>
  `CREATE FUNCTION ${schema}.places_of(key uuid) RETURNS TABLE (place text, owned bigint, mentions bigint)
     LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
   DECLARE found record;
   BEGIN
     FOR found IN
       SELECT n.nspname AS of_schema, c.relname AS of_table,
         coalesce(string_agg(CASE a.atttypid
           WHEN 'uuid'::regtype THEN format('%I = $1', a.attname)
           WHEN 'uuid[]'::regtype THEN format('$1 = ANY(%I)', a.attname) END, ' OR '), 'FALSE') AS owning,
         coalesce(string_agg(CASE WHEN a.atttypid IN (${asText})
           THEN format('strpos(%I::text, $2) > 0', a.attname) END, ' OR '), 'FALSE') AS mentioning
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${where}
       GROUP BY n.nspname, c.relname ORDER BY n.nspname, c.relname
     LOOP
       place := found.of_schema || '.' || found.of_table;
       EXECUTE format('SELECT count(*) FILTER (WHERE o), count(*) FILTER (WHERE m AND o IS NOT TRUE)
                         FROM (SELECT (%s) AS o, (%s) AS m FROM %I.%I) AS looked',
                      found.owning, found.mentioning, found.of_schema, found.of_table)
         INTO owned, mentions USING key, key::text;
       RETURN NEXT;
     END LOOP;
   END $$`
