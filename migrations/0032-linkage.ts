import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What record linkage has to do: Patients to look at, because something by which persons are known was
 * written, Patients whose links have to be made as the pairs say (docs/decisions/0035), and merges that move
 * more than one transaction does.
 */
export class Linkage1764000000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE clinical.linkage_note (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     patient uuid NOT NULL,
     work text NOT NULL CHECK (work IN ('look', 'link')),
     due_at timestamptz(3) NOT NULL DEFAULT now()
   )`,
  `COMMENT ON TABLE clinical.linkage_note IS 'work of record linkage that is still to be done, by patient key'`,
  `COMMENT ON COLUMN clinical.linkage_note.work IS 'look: find who may be the same person; link: make the links of the Patient as the pairs say'`,
  `COMMENT ON COLUMN clinical.linkage_note.due_at IS 'later than written when it failed'`,
  `GRANT SELECT, INSERT, DELETE, UPDATE (due_at) ON clinical.linkage_note TO coffre_care`,
  `ALTER TABLE governance.merge ADD COLUMN moving_type text COLLATE "C", ADD COLUMN moving_id text COLLATE "C",
     ADD CONSTRAINT merge_moving CHECK (num_nulls(moving_type, moving_id) IN (0, 2))`,
  `COMMENT ON COLUMN governance.merge.moving_type IS 'type and id of the last one that was looked at, while resources are still being moved'`,
  `CREATE INDEX merge_unmoved ON governance.merge (sequence) WHERE moving_type IS NOT NULL`,
  `GRANT UPDATE (moving_type, moving_id) ON governance.merge TO coffre_care`,
  // those who are there already
  `INSERT INTO clinical.linkage_note (patient, work) SELECT id::uuid, 'look' FROM clinical.resource WHERE type = 'Patient'`,
]
