import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The trail: rows are added and read, never changed; each is chained to the one before by an HMAC. */
export class Audit1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only')
  }
}

const statements = [
  `CREATE SCHEMA audit`,
  `CREATE TABLE audit.event (
     chain uuid NOT NULL,
     sequence bigint NOT NULL,
     recorded_at timestamptz(3) NOT NULL,
     body text NOT NULL,
     mac bytea NOT NULL,
     PRIMARY KEY (chain, sequence)
   )`,
  `COMMENT ON TABLE audit.event IS
     'AuditEvents; mac = HMAC(audit key, chain, sequence, recorded_at, body, mac of sequence - 1)'`,
  `CREATE INDEX ON audit.event (recorded_at)`,
  `CREATE TABLE audit.chain (
     chain uuid PRIMARY KEY,
     started_at timestamptz(3) NOT NULL,
     previous uuid,
     mac bytea NOT NULL
   )`,
  `COMMENT ON TABLE audit.chain IS 'one chain per server process; mac = HMAC(audit key, chain, started_at, previous)'`,
  `GRANT USAGE ON SCHEMA audit TO coffre_audit`,
  `GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA audit TO coffre_audit`,
]
