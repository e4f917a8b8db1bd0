import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Opposition: who wants no part in research (docs/decisions/0022). The database itself holds that nobody
 * who opposes is a member of a cohort: what opposes takes membership away, and what grants leaves them out.
 */
export class Opposition1764000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

/** The lock of `lockCohorts` in src/store/lock.ts. */
const cohorts = '20573, 0'
const definer = `LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog`

const statements = [
  `CREATE TABLE governance.opposition (
     id uuid PRIMARY KEY,
     patient uuid NOT NULL,
     source text NOT NULL CHECK (source IN ('desk', 'consent', 'patient', 'suppression')),
     consent text COLLATE "C",
     taken_by text NOT NULL,
     taken_at timestamptz(3) NOT NULL,
     lifted_by text,
     lifted_at timestamptz(3),
     CHECK ((source = 'consent') = (consent IS NOT NULL)),
     CHECK (num_nulls(lifted_by, lifted_at) IN (0, 2)),
     CHECK (lifted_at >= taken_at)
   )`,
  `COMMENT ON TABLE governance.opposition IS 'patients, by key, who oppose the use of their data in research; no reasons'`,
  `COMMENT ON COLUMN governance.opposition.source IS
     'desk: said to us; consent: a Consent; patient: the tag NOLIST; suppression: known by an identifier of one who opposed'`,
  `COMMENT ON COLUMN governance.opposition.consent IS 'the Consent that says so: another version of it may lift'`,
  `CREATE UNIQUE INDEX opposition_active ON governance.opposition (patient) WHERE lifted_at IS NULL`,
  `CREATE INDEX ON governance.opposition (taken_at, id)`,
  `CREATE FUNCTION governance.leave_cohorts() RETURNS trigger ${definer} AS $$
   BEGIN
     PERFORM pg_advisory_xact_lock(${cohorts});
     WITH gone AS (DELETE FROM governance.permit_member m WHERE m.patient = NEW.patient RETURNING m.permit)
     -- the version of a permit grows: what a process remembers of it is read anew
     UPDATE governance.permit p SET key_version = p.key_version FROM gone WHERE p.id = gone.permit;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER leave_cohorts AFTER INSERT ON governance.opposition
     FOR EACH ROW EXECUTE FUNCTION governance.leave_cohorts()`,
  `CREATE FUNCTION governance.leave_out_opposed() RETURNS trigger ${definer} AS $$
   BEGIN
     PERFORM pg_advisory_xact_lock_shared(${cohorts});
     DELETE FROM governance.permit_member m USING governance.opposition o
      WHERE m.permit = NEW.id AND o.patient = m.patient AND o.lifted_at IS NULL;
     RETURN NULL;
   END $$`,
  // at the end of the transaction that grants: who opposed while the cohort was read is seen now
  `CREATE CONSTRAINT TRIGGER leave_out_opposed AFTER INSERT ON governance.permit
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION governance.leave_out_opposed()`,
  `GRANT SELECT, INSERT, UPDATE (lifted_by, lifted_at) ON governance.opposition TO coffre_care`,
]
