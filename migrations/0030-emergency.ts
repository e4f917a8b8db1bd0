import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Each time that somebody broke the glass, for the privacy officer to look into (docs/decisions/0034). */
export class Emergency1764000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE governance.emergency (
     id uuid PRIMARY KEY,
     username text NOT NULL,
     client_id text NOT NULL,
     patient uuid,
     reason bytea NOT NULL,
     at timestamptz(3) NOT NULL DEFAULT now(),
     reviewed_by text,
     reviewed_at timestamptz(3),
     justified boolean,
     CONSTRAINT review_is_whole CHECK (num_nulls(reviewed_by, reviewed_at, justified) IN (0, 3)),
     CONSTRAINT review_is_of_another CHECK (reviewed_by <> username)
   )`,
  `COMMENT ON TABLE governance.emergency IS 'who broke the glass, on whom, and what the privacy officer found of it'`,
  `COMMENT ON COLUMN governance.emergency.patient IS 'key of the patient in context; null: there was none'`,
  `COMMENT ON COLUMN governance.emergency.reason IS 'sealed: what the person said, which may name a patient'`,
  `CREATE INDEX ON governance.emergency (at DESC, id)`,
  `GRANT SELECT, INSERT (id, username, client_id, patient, reason), UPDATE (patient, reason, reviewed_by, reviewed_at, justified)
     ON governance.emergency TO coffre_care`,
]
