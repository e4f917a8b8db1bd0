import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The trail: rows are added and read, never changed; each is chained to the one before by an HMAC. */
export class Audit1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA audit`,
  `CREATE TABLE audit.event (
     chain uuid NOT NULL,
     sequence bigint NOT NULL CHECK (sequence > 0),
     recorded_at timestamptz(3) NOT NULL,
     body text NOT NULL,
     mac bytea NOT NULL,
     PRIMARY KEY (chain, sequence)
   )`,
  `COMMENT ON TABLE audit.event IS
     'AuditEvents as JSON text; mac: see eventMac in src/audit/chain.ts'`,
  `CREATE INDEX ON audit.event (recorded_at)`,
  `CREATE TABLE audit.chain (
     chain uuid PRIMARY KEY,
     ordinal bigint NOT NULL UNIQUE CHECK (ordinal > 0),
     started_at timestamptz(3) NOT NULL,
     witnessed text NOT NULL,
     mac bytea NOT NULL
   )`,
  `COMMENT ON TABLE audit.chain IS
     'one chain per server process; witnessed: how far other chains had come at its start; mac: see headerMac'`,
  `GRANT USAGE ON SCHEMA audit TO coffre_audit`,
  `GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA audit TO coffre_audit`,
]
