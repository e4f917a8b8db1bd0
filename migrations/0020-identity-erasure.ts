import type { MigrationInterface, QueryRunner } from 'typeorm'
import { placesOf } from './0020-places-of.ts'

/** What the vault needs to lose a patient, and to look whether it has. */
export class IdentityErasure1764000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  // whatever the vault keeps by patient goes, in tables that are yet to come too
  `CREATE FUNCTION identity.destroy_patient(key uuid) RETURNS void
     LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
   DECLARE found record;
   BEGIN
     FOR found IN
       SELECT c.relname AS of_table, string_agg(format('%I = $1', a.attname), ' OR ') AS owning
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE n.nspname = 'identity' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND a.atttypid = 'uuid'::regtype
       -- the key first: from then on what is left opens no more
       GROUP BY c.relname ORDER BY c.relname <> 'data_key', c.relname
     LOOP
       EXECUTE format('DELETE FROM identity.%I WHERE %s', found.of_table, found.owning) USING key;
     END LOOP;
   END $$`,
  placesOf('identity', `n.nspname = 'identity'`),
  `REVOKE ALL ON FUNCTION identity.destroy_patient, identity.places_of FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION identity.destroy_patient, identity.places_of TO coffre_identity`,
  `GRANT DELETE ON identity.text_index TO coffre_identity`,
]
