import type { MigrationInterface, QueryRunner } from 'typeorm'
import { role } from './0001-clinical.ts'

/**
 * The identity vault. Everything in it that tells who someone is is ciphertext or a keyed hash; the
 * keys that open it are wrapped by the keyring, which is not in this database.
 */
export class Identity1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...role('coffre_identity'), ...statements]) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE SCHEMA identity`,
  `CREATE TABLE identity.keyring (
     single boolean PRIMARY KEY DEFAULT true CHECK (single),
     fingerprint bytea NOT NULL
   )`,
  `CREATE TABLE identity.data_key (
     owner uuid PRIMARY KEY,
     wrapped bytea NOT NULL,
     key_version integer NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `COMMENT ON TABLE identity.data_key IS
     'one AES-256 key per patient (nil UUID: what is no patient''s), wrapped by the keyring''s key of key_version'`,
  `CREATE TABLE identity.patient_id (
     patient uuid PRIMARY KEY,
     id_hash bytea NOT NULL UNIQUE,
     sealed bytea NOT NULL
   )`,
  `COMMENT ON TABLE identity.patient_id IS 'patients whose logical id was chosen by a client: HMAC and ciphertext of it'`,
  `CREATE TABLE identity.sealed (
     patient uuid NOT NULL,
     seal bigint NOT NULL,
     body bytea NOT NULL,
     PRIMARY KEY (patient, seal)
   )`,
  `CREATE TABLE identity.blind_index (
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     tokens bigint[] NOT NULL,
     PRIMARY KEY (type, id, patient)
   )`,
  `CREATE INDEX ON identity.blind_index USING gin (tokens) WITH (fastupdate = off)`,
  `GRANT USAGE ON SCHEMA identity TO coffre_identity`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA identity TO coffre_identity`,
  // vault and clinical rows on one server: one transaction writes both
  `DO $$ BEGIN
     IF to_regnamespace('clinical') IS NOT NULL THEN GRANT coffre_identity TO coffre_care; END IF;
   END $$`,
]
