import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What was imported of a file, so that an import that was broken off never makes a resource twice. */
export class Import1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE clinical.imported (
     source text COLLATE "C" NOT NULL,
     place text COLLATE "C" NOT NULL,
     PRIMARY KEY (source, place)
   )`,
  `COMMENT ON COLUMN clinical.imported.source IS 'fingerprint of a file, under a key of the keyring'`,
  `COMMENT ON COLUMN clinical.imported.place IS
     'line, and entry in a Bundle, of what was made under an id of our own'`,
  `GRANT SELECT, INSERT, DELETE ON clinical.imported TO coffre_care`,
]
