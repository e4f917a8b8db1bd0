import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Imports that a client asked for: the queue of their inputs, and what was refused of each. */
export class ImportJob1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA import`,
  `CREATE TABLE import.job (
     id uuid PRIMARY KEY,
     client_id text NOT NULL,
     user_id text,
     scopes text NOT NULL,
     request bytea NOT NULL,
     state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
     created_at timestamptz(3) NOT NULL,
     finished_at timestamptz(3),
     failure text,
     CHECK ((state = 'running') = (finished_at IS NULL))
   )`,
  `COMMENT ON COLUMN import.job.request IS
     'what was asked, sealed under a key of the keyring: the URL of an input may hold a secret'`,
  `COMMENT ON COLUMN import.job.failure IS 'issues of the OperationOutcome, JSON; they hold no values'`,
  `CREATE TABLE import.input (
     job uuid NOT NULL REFERENCES import.job ON DELETE CASCADE,
     place integer NOT NULL,
     state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
     accepted bigint NOT NULL DEFAULT 0,
     refused bigint NOT NULL DEFAULT 0,
     failures integer NOT NULL DEFAULT 0,
     lease uuid,
     leased_until timestamptz,
     PRIMARY KEY (job, place)
   )`,
  `CREATE TABLE import.refusal (
     job uuid NOT NULL,
     place integer NOT NULL,
     number integer NOT NULL,
     outcome text NOT NULL,
     PRIMARY KEY (job, place, number),
     FOREIGN KEY (job, place) REFERENCES import.input ON DELETE CASCADE
   )`,
  `COMMENT ON COLUMN import.refusal.outcome IS 'an OperationOutcome: line, element and rule, no value'`,
  `GRANT USAGE ON SCHEMA import TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA import TO coffre_care`,
]
