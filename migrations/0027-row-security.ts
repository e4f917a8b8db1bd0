import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A permit's cohort is seen by that permit alone, and the trail is changed by nobody (docs/decisions/0018). */
export class RowSecurity1764000000027 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `ALTER TABLE governance.permit_member ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY every_cohort ON governance.permit_member TO coffre_care USING (true) WITH CHECK (true)`,
  // set by the transaction that reads for a permit; where it is not set this is null, and shows nobody
  `CREATE POLICY own_cohort ON governance.permit_member FOR SELECT TO coffre_research
     USING (permit = current_setting('coffre.permit', true))`,
  `CREATE FUNCTION audit.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
   BEGIN
     RAISE EXCEPTION 'the trail is not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
   END $$`,
  `REVOKE ALL ON FUNCTION audit.append_only FROM PUBLIC`,
  ...['event', 'chain'].map(
    (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.${table}
       FOR EACH STATEMENT EXECUTE FUNCTION audit.append_only()`,
  ),
]
