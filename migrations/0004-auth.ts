import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Clients, people, and what the authorization server has issued to them. */
export class Auth1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA auth`,
  `CREATE TABLE auth.client (
     client_id text COLLATE "C" PRIMARY KEY,
     metadata jsonb NOT NULL,
     scope text NOT NULL,
     grants text[] NOT NULL
   )`,
  `COMMENT ON COLUMN auth.client.metadata IS 'RFC 7591 client metadata, public keys or their URL among it'`,
  `COMMENT ON COLUMN auth.client.scope IS 'policy: the most this client may be granted, canonical SMART v2'`,
  `CREATE TABLE auth.artifact (
     id_hash bytea PRIMARY KEY CHECK (length(id_hash) = 32),
     model text NOT NULL,
     client_id text COLLATE "C" REFERENCES auth.client ON DELETE CASCADE,
     grant_id text,
     payload jsonb NOT NULL CHECK (NOT payload ? 'jti'),
     consumed_at timestamptz,
     expires_at timestamptz NOT NULL
   )`,
  `COMMENT ON TABLE auth.artifact IS
     'what was issued or must be remembered: access tokens, spent assertions; by SHA-256 of the value, which is not here'`,
  `CREATE INDEX ON auth.artifact (expires_at)`,
  `CREATE INDEX ON auth.artifact (grant_id) WHERE grant_id IS NOT NULL`,
  `CREATE INDEX ON auth.artifact (client_id)`,
  `CREATE TABLE auth.person (
     username text COLLATE "C" PRIMARY KEY,
     name text NOT NULL,
     roles text[] NOT NULL,
     password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
     failures integer NOT NULL DEFAULT 0,
     locked_until timestamptz
   )`,
  `CREATE TABLE auth.session (
     id uuid PRIMARY KEY,
     username text COLLATE "C" NOT NULL REFERENCES auth.person ON DELETE CASCADE,
     expires_at timestamptz NOT NULL
   )`,
  `COMMENT ON TABLE auth.session IS 'sessions that are open; id is the jti of the session token, useless without its signature'`,
  `CREATE INDEX ON auth.session (username)`,
  `CREATE INDEX ON auth.session (expires_at)`,
  `GRANT USAGE ON SCHEMA auth TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA auth TO coffre_care`,
]
