import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Bulk exports: the queue of their parts, what came out, and the keys of the safes it lies in. */
export class Export1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA export`,
  `CREATE TABLE export.safe (
     id uuid PRIMARY KEY,
     permit text,
     wrapped bytea,
     key_version integer,
     created_at timestamptz(3) NOT NULL,
     closed_at timestamptz(3),
     CHECK ((wrapped IS NULL) = (closed_at IS NOT NULL)),
     CHECK ((wrapped IS NULL) = (key_version IS NULL))
   )`,
  `COMMENT ON COLUMN export.safe.wrapped IS
     'the safe''s AES-256 key, wrapped by the keyring''s key of key_version; destroyed when the safe is closed'`,
  `CREATE TABLE export.job (
     id uuid PRIMARY KEY,
     safe uuid NOT NULL UNIQUE REFERENCES export.safe,
     base text NOT NULL,
     permit text,
     client_id text NOT NULL,
     user_id text,
     state text NOT NULL CHECK (state IN ('accepted', 'running', 'done', 'failed', 'cancelled', 'expired')),
     request bytea NOT NULL,
     created_at timestamptz(3) NOT NULL,
     transaction_time timestamptz(3),
     finished_at timestamptz(3),
     expires_at timestamptz(3),
     failure text,
     CHECK ((state IN ('accepted', 'running')) = (finished_at IS NULL)),
     CHECK (state = 'accepted' OR transaction_time IS NOT NULL OR state IN ('failed', 'cancelled', 'expired')),
     CHECK ((failure IS NOT NULL) <= (state IN ('failed', 'cancelled', 'expired'))),
     CHECK ((base = '/fhir') = (permit IS NULL))
   )`,
  `COMMENT ON COLUMN export.job.request IS
     'what was asked, sealed under the safe''s key: a filter or a patient''s id may tell who someone is'`,
  `COMMENT ON COLUMN export.job.failure IS 'issues of the OperationOutcome, JSON; they hold no values'`,
  `CREATE INDEX ON export.job (client_id) WHERE state IN ('accepted', 'running')`,
  `CREATE INDEX ON export.job (expires_at) WHERE state IN ('done', 'failed')`,
  `CREATE INDEX ON export.job (permit) WHERE state NOT IN ('cancelled', 'expired')`,
  `CREATE TABLE export.part (
     job uuid NOT NULL REFERENCES export.job,
     part integer NOT NULL,
     types text[] NOT NULL,
     patients uuid[],
     state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
     failures integer NOT NULL DEFAULT 0,
     lease uuid,
     lease_until timestamptz,
     PRIMARY KEY (job, part),
     CHECK ((state = 'running') = (lease IS NOT NULL)),
     CHECK ((part = 0) = (types = '{}'))
   )`,
  `COMMENT ON TABLE export.part IS 'work of one worker at a time; part 0 plans the others'`,
  `COMMENT ON COLUMN export.part.patients IS 'whose compartments, in the order of the output; null: all rows of the types'`,
  `COMMENT ON COLUMN export.part.lease_until IS
     'running: another worker may take the part from then on; waiting: not to be tried before'`,
  `CREATE INDEX ON export.part (job, part) WHERE state <> 'done'`,
  `CREATE UNIQUE INDEX ON export.part (lease)`,
  `CREATE TABLE export.file (
     id uuid PRIMARY KEY,
     job uuid NOT NULL,
     part integer NOT NULL,
     place integer NOT NULL,
     type text NOT NULL,
     is_error boolean NOT NULL,
     count bigint NOT NULL CHECK (count > 0),
     bytes bigint NOT NULL CHECK (bytes > 0),
     sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
     UNIQUE (job, part, place),
     FOREIGN KEY (job, part) REFERENCES export.part
   )`,
  `GRANT USAGE ON SCHEMA export TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA export TO coffre_care`,
  `GRANT DELETE ON export.part, export.file TO coffre_care`,
]
