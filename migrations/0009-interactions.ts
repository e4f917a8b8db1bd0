import type { MigrationInterface, QueryRunner } from 'typeorm'

/** How first versions came to be, so that a history tells an update as create from a create. */
export class Interactions1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  // no default: existing rows are not rewritten, and a row that was created by POST costs nothing
  `ALTER TABLE clinical.resource ADD COLUMN put boolean`,
  `COMMENT ON COLUMN clinical.resource.put IS 'true: this first version was written by PUT; null for all others'`,
]
