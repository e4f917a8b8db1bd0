import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Which versions of the key-encryption key wrap what lies in the database, and a root secret from a key service. */
export class IdentityKeyVersion1764000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE identity.key_version (
     version integer PRIMARY KEY CHECK (version > 0),
     state text NOT NULL CHECK (state IN ('current', 'retiring', 'retired')),
     witness bytea,
     created_at timestamptz(3) NOT NULL DEFAULT now(),
     retired_at timestamptz(3),
     CHECK ((state = 'retired') = (retired_at IS NOT NULL))
   )`,
  `CREATE UNIQUE INDEX ON identity.key_version (state) WHERE state = 'current'`,
  `COMMENT ON TABLE identity.key_version IS
     'the current version wraps new data keys; a retiring one still wraps some, a retired one none'`,
  `COMMENT ON COLUMN identity.key_version.witness IS
     'a key of no use, wrapped by this version: opens under no other; null until the first start that knows it'`,
  `INSERT INTO identity.key_version (version, state)
     SELECT key_version, CASE WHEN key_version = max(key_version) OVER () THEN 'current' ELSE 'retiring' END
     FROM (SELECT DISTINCT key_version FROM identity.data_key) AS used`,
  `CREATE TABLE identity.root_secret (
     single boolean PRIMARY KEY DEFAULT true CHECK (single),
     wrapped bytea NOT NULL,
     key_version integer NOT NULL
   )`,
  `COMMENT ON TABLE identity.root_secret IS
     'where a key service wraps: the secret that the keys of hashes are derived from. A keyring file has its own.'`,
  `GRANT SELECT, INSERT, UPDATE ON identity.key_version, identity.root_secret TO coffre_identity`,
]
