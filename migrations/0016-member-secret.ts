import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Each member of a cohort has a secret of their own within the permit (docs/decisions/0017). */
export class MemberSecret1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  // pseudonyms that were made of a permit's secret alone are not to be used any more: such permits show
  // nobody, and are granted anew
  `DELETE FROM governance.permit_member`,
  `ALTER TABLE governance.permit_member ADD COLUMN secret bytea NOT NULL`,
  `COMMENT ON COLUMN governance.permit_member.secret IS
     'HMAC of the patient''s secret in the warehouse under the permit''s, wrapped under the permit''s: without it nobody makes their pseudonyms again'`,
]
