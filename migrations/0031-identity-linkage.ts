import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Pairs of Patients that may be one person, and what became of them (docs/decisions/0035). Keys, a score
 * and a keyed hash; both columns of keys are such that an erasure takes the row (identity.destroy_patient).
 */
export class IdentityLinkage1764000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const states = `('open', 'linked', 'rejected', 'merged')`

const statements = [
  `CREATE TABLE identity.linkage (
     id uuid PRIMARY KEY,
     one uuid NOT NULL,
     other uuid NOT NULL,
     grade text NOT NULL CHECK (grade IN ('certain', 'probable')),
     score real NOT NULL,
     by_ins boolean NOT NULL,
     evidence bytea NOT NULL,
     state text NOT NULL CHECK (state IN ${states}),
     before_merge text CHECK (before_merge IN ${states}),
     found_at timestamptz(3) NOT NULL,
     decided_by text,
     decided_at timestamptz(3),
     CONSTRAINT linkage_pair UNIQUE (one, other),
     CONSTRAINT linkage_order CHECK (one < other),
     CHECK ((state = 'merged') = (before_merge IS NOT NULL)),
     CHECK (num_nulls(decided_by, decided_at) IN (0, 2))
   )`,
  `COMMENT ON TABLE identity.linkage IS 'two patients, by key, who may be one person'`,
  `COMMENT ON COLUMN identity.linkage.score IS 'bits of evidence, see src/identity/linkage/weights.ts'`,
  `COMMENT ON COLUMN identity.linkage.by_ins IS 'both have the same INS and nothing contradicts it'`,
  `COMMENT ON COLUMN identity.linkage.evidence IS 'HMAC of what was compared: a rejected pair comes back when it differs'`,
  `COMMENT ON COLUMN identity.linkage.before_merge IS 'the state that the undoing of the merge gives back'`,
  `COMMENT ON COLUMN identity.linkage.decided_by IS 'a person; null: the server'`,
  `CREATE INDEX ON identity.linkage (other)`,
  // the queue, best first
  `CREATE INDEX linkage_queue ON identity.linkage (state, (grade = 'certain'), score, id)`,
  `GRANT SELECT, INSERT, DELETE,
     UPDATE (grade, score, by_ins, evidence, state, before_merge, found_at, decided_by, decided_at)
     ON identity.linkage TO coffre_identity`,
]
