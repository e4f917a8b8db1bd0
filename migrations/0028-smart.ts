import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What App Launch keeps: how far people reach, and what tokens were issued for whom, in which context. */
export class Smart1764000000028 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `ALTER TABLE auth.person
     ADD fhir_user bytea,
     ADD scope text NOT NULL DEFAULT '',
     ADD emergency_scope text NOT NULL DEFAULT ''`,
  `COMMENT ON COLUMN auth.person.fhir_user IS 'sealed: the Patient, Practitioner, RelatedPerson or Person that this is'`,
  `COMMENT ON COLUMN auth.person.scope IS 'the most that apps may do in their name at the care base, canonical SMART v2'`,
  `COMMENT ON COLUMN auth.person.emergency_scope IS 'what breaking the glass adds to it'`,
  `ALTER TABLE auth.artifact
     ADD uid text,
     ADD username text COLLATE "C" REFERENCES auth.person ON DELETE CASCADE,
     ADD session_id uuid REFERENCES auth.session ON DELETE CASCADE,
     ADD context bytea`,
  `COMMENT ON COLUMN auth.artifact.session_id IS 'the sign-in that it ends with: a browser session, online access'`,
  `COMMENT ON COLUMN auth.artifact.context IS 'sealed: the launch context that it was issued in'`,
  `CREATE INDEX ON auth.artifact (uid) WHERE uid IS NOT NULL`,
  `CREATE INDEX ON auth.artifact (username) WHERE username IS NOT NULL`,
  `CREATE INDEX ON auth.artifact (session_id) WHERE session_id IS NOT NULL`,
]
