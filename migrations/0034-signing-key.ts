import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The key that ID tokens are signed with, the same in every process. */
export class SigningKey1764000000034 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE TABLE auth.signing_key (
     alg text PRIMARY KEY,
     sealed bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `COMMENT ON COLUMN auth.signing_key.sealed IS 'sealed: the private key as a JWK'`,
  `GRANT SELECT, INSERT ON auth.signing_key TO coffre_care`,
]
