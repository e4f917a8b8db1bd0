import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Requests that nobody waits for: the queue, and what came of them until it is fetched. */
export class Async1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA async`,
  `CREATE TABLE async.job (
     id uuid PRIMARY KEY,
     base text NOT NULL,
     client_id text NOT NULL,
     user_id text,
     state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
     repeatable boolean NOT NULL,
     wrapped bytea NOT NULL,
     key_version integer NOT NULL,
     request bytea NOT NULL,
     result bytea,
     failures integer NOT NULL DEFAULT 0,
     created_at timestamptz(3) NOT NULL,
     expires_at timestamptz(3),
     lease uuid UNIQUE,
     lease_until timestamptz,
     CHECK ((state = 'running') = (lease IS NOT NULL)),
     CHECK ((state = 'done') = (result IS NOT NULL)),
     CHECK ((state = 'done') = (expires_at IS NOT NULL))
   )`,
  `COMMENT ON COLUMN async.job.repeatable IS
     'false: a worker that died may have done a part of it, so it is not begun again'`,
  `COMMENT ON COLUMN async.job.wrapped IS
     'the job''s own AES-256 key, wrapped by the keyring''s key of key_version; gone with the row'`,
  `COMMENT ON COLUMN async.job.request IS 'what was asked and with which rights, sealed under the job''s key'`,
  `COMMENT ON COLUMN async.job.result IS 'the answer as a Bundle, sealed under the job''s key'`,
  `CREATE INDEX ON async.job (created_at) WHERE state <> 'done'`,
  `CREATE INDEX ON async.job (client_id) WHERE state <> 'done'`,
  `CREATE INDEX ON async.job (expires_at) WHERE state = 'done'`,
  `GRANT USAGE ON SCHEMA async TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON async.job TO coffre_care`,
]
