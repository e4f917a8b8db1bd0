import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The journal of merges (docs/decisions/0020): which Patient was merged into which, and where each resource
 * that was moved referred to the source, so that a false merge is undone without loss. Keys, ids, versions
 * and element paths; no value of a resource.
 */
export class Merge1764000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE governance.merge (
     id uuid PRIMARY KEY,
     sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
     source uuid NOT NULL,
     target uuid NOT NULL,
     source_before integer NOT NULL,
     source_after integer NOT NULL,
     target_before integer NOT NULL,
     target_after integer NOT NULL,
     merged_by text NOT NULL,
     merged_at timestamptz(3) NOT NULL,
     undone_by text,
     undone_at timestamptz(3),
     CONSTRAINT merge_of_two CHECK (source <> target),
     CHECK (num_nulls(undone_by, undone_at) IN (0, 2))
   )`,
  `COMMENT ON TABLE governance.merge IS 'which patient, by key, was replaced by which; standing while undone_at is null'`,
  `COMMENT ON COLUMN governance.merge.source_before IS 'versions of the two Patients before the merge and after it'`,
  // a circle would need a target that is replaced itself, which the server refuses under its locks
  `CREATE UNIQUE INDEX merge_standing ON governance.merge (source) WHERE undone_at IS NULL`,
  `CREATE INDEX ON governance.merge (target, sequence)`,
  `CREATE TABLE governance.merge_moved (
     merge uuid NOT NULL REFERENCES governance.merge ON DELETE CASCADE,
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     version integer NOT NULL,
     paths text[] NOT NULL,
     PRIMARY KEY (merge, type, id)
   )`,
  `COMMENT ON TABLE governance.merge_moved IS 'resources that referred to the source and refer to the target since'`,
  `COMMENT ON COLUMN governance.merge_moved.version IS 'the one that the merge wrote'`,
  `COMMENT ON COLUMN governance.merge_moved.paths IS 'elements that referred to the source; without an index: all that the element held'`,
  `GRANT SELECT, INSERT, DELETE, UPDATE (undone_by, undone_at) ON governance.merge TO coffre_care`,
  `GRANT SELECT, INSERT, DELETE, UPDATE (version, paths) ON governance.merge_moved TO coffre_care`,
]
