import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What people prove themselves with beside a password. */
export class SecondFactor1764000000029 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE auth.totp (
     username text COLLATE "C" PRIMARY KEY REFERENCES auth.person ON DELETE CASCADE,
     secret bytea NOT NULL,
     last_step bigint NOT NULL
   )`,
  `COMMENT ON COLUMN auth.totp.secret IS 'sealed: what codes are made of'`,
  `COMMENT ON COLUMN auth.totp.last_step IS 'of the last code that was taken; none of it or before counts again'`,
  `CREATE TABLE auth.recovery_code (
     username text COLLATE "C" REFERENCES auth.totp ON DELETE CASCADE,
     code_hash bytea,
     PRIMARY KEY (username, code_hash)
   )`,
  `COMMENT ON COLUMN auth.recovery_code.code_hash IS 'SHA-256 of 80 random bits'`,
  `ALTER TABLE auth.session ADD second_factor_at timestamptz`,
  `COMMENT ON COLUMN auth.session.second_factor_at IS 'when a second factor was shown; null: a password alone'`,
  `GRANT SELECT, INSERT, UPDATE (last_step), DELETE ON auth.totp TO coffre_care`,
  `GRANT SELECT, INSERT, DELETE ON auth.recovery_code TO coffre_care`,
]
