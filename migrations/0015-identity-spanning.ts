import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What lets the vault lie on another server than the clinical rows: each row of the blind index says of which
 * version it is, and what a write may leave behind is noted (docs/decisions/0015).
 */
export class IdentitySpanning1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `ALTER TABLE identity.blind_index ADD COLUMN seal bigint NOT NULL DEFAULT 0`,
  `COMMENT ON COLUMN identity.blind_index.seal IS 'of the version that the tokens were made from; 0: it has no sealed part'`,
  `DO $$ BEGIN
     IF to_regclass('clinical.resource') IS NOT NULL THEN
       EXECUTE 'UPDATE identity.blind_index b SET seal = r.seal FROM clinical.resource r
                WHERE r.type = b.type AND r.id = b.id AND r.patient = b.patient AND r.seal IS NOT NULL';
     END IF;
   END $$`,
  `ALTER TABLE identity.blind_index DROP CONSTRAINT blind_index_pkey, ADD PRIMARY KEY (type, id, patient, seal)`,
  `CREATE TABLE identity.pending (
     note bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     noted_at timestamptz(3) NOT NULL DEFAULT now(),
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     seal bigint NOT NULL
   )`,
  `COMMENT ON TABLE identity.pending IS
     'where the vault is on a server of its own: versions that were written or taken out, until it is looked whether the clinical server has them'`,
  `CREATE INDEX ON identity.pending (type, id)`,
  // on one server migration 0008 made it
  `CREATE TABLE IF NOT EXISTS identity.text_index (
     token bigint PRIMARY KEY,
     type text COLLATE "C" NOT NULL,
     parameters text[] NOT NULL,
     prefixes bigint[] NOT NULL
   )`,
  `CREATE INDEX IF NOT EXISTS text_index_prefixes_idx ON identity.text_index USING gin (prefixes) WITH (fastupdate = off)`,
  `GRANT SELECT, INSERT, DELETE ON identity.text_index, identity.pending TO coffre_identity`,
]
