import type { MigrationInterface, QueryRunner } from 'typeorm'

/** By what one who opposed is known again when they come back under another id. */
export class IdentitySuppression1764000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE identity.suppression (
     hash bytea NOT NULL,
     opposition uuid NOT NULL,
     PRIMARY KEY (hash, opposition)
   )`,
  `COMMENT ON TABLE identity.suppression IS
     'HMACs, under a key of their own, of the identifiers of patients who oppose; they outlive an erasure'`,
  `CREATE INDEX ON identity.suppression (opposition)`,
  `GRANT SELECT, INSERT, DELETE ON identity.suppression TO coffre_identity`,
]
