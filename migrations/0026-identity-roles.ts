import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Takes from the vault's role what no statement of the server needs (docs/database-roles.md). */
export class IdentityRoles1764000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `REVOKE UPDATE, DELETE ON identity.keyring, identity.patient_id FROM coffre_identity`,
  `REVOKE UPDATE ON identity.sealed, identity.blind_index FROM coffre_identity`,
  // a key is destroyed with all else that is its patient's, by identity.destroy_patient
  `REVOKE DELETE ON identity.data_key FROM coffre_identity`,
]
