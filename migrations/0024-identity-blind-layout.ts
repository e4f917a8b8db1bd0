import type { MigrationInterface, QueryRunner } from 'typeorm'

/** How the rows of the blind index are laid out, so that those of an older layout are never half found. */
export class IdentityBlindLayout1764000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE identity.blind_layout (
     single boolean PRIMARY KEY DEFAULT true CHECK (single),
     version integer NOT NULL
   )`,
  `COMMENT ON TABLE identity.blind_layout IS 'the layout that all rows of identity.blind_index have, see src/identity/blind-key.ts'`,
  // 1: every beginning of a string, the same number in all rows (docs/decisions/0005)
  `INSERT INTO identity.blind_layout (version) SELECT CASE WHEN EXISTS (SELECT FROM identity.blind_index) THEN 1 ELSE 2 END`,
  `GRANT SELECT, UPDATE (version) ON identity.blind_layout TO coffre_identity`,
]
