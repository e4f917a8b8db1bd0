import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Types that get a partition of their own; all others share the last one. A matter of volume only. */
const voluminous = [
  ...['Patient', 'Observation', 'Encounter', 'Condition', 'DiagnosticReport', 'ImagingStudy', 'Procedure'],
  ...['MedicationRequest', 'MedicationAdministration', 'DocumentReference', 'Immunization', 'Claim'],
  ...['ExplanationOfBenefit', 'ServiceRequest', 'Specimen'],
]

/**
 * The clinical rows: what is left of each resource once identity is sealed away (docs/decisions/0002).
 * Every key of a patient-compartment table contains the patient, so that the tables can be distributed
 * by patient as they are.
 */
export class Clinical1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...roles, ...tables(voluminous), ...indexes, ...grants])
      await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

/** Makes a role of the cluster, unless it is there, and lets the owner take it on. */
export const role = (name: string) => [
  `DO $$ BEGIN
     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN CREATE ROLE ${name} NOLOGIN; END IF;
   EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  `DO $$ BEGIN
     IF NOT pg_has_role(current_user, '${name}', 'MEMBER') THEN GRANT ${name} TO current_user; END IF;
   END $$`,
]

const roles = ['coffre_care', 'coffre_research', 'coffre_identity', 'coffre_audit'].flatMap(role)

const tables = (types: readonly string[]) => [
  `CREATE SCHEMA clinical`,
  `CREATE TABLE clinical.resource (
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     version integer NOT NULL,
     updated_at timestamptz(3) NOT NULL,
     seal bigint,
     date_low double precision,
     date_high double precision,
     value_low double precision,
     value_high double precision,
     tokens bigint[] NOT NULL,
     body text NOT NULL,
     PRIMARY KEY (type, id, patient)
   ) PARTITION BY LIST (type)`,
  `COMMENT ON COLUMN clinical.resource.patient IS
     'key of the patient whose compartment this is; the nil UUID when it is no patient''s'`,
  `COMMENT ON COLUMN clinical.resource.seal IS 'row of identity.sealed that completes the body; null: nothing sealed'`,
  `COMMENT ON COLUMN clinical.resource.date_low IS 'the type''s main date, [low, high) in ms since the epoch'`,
  `COMMENT ON COLUMN clinical.resource.tokens IS 'sorted 64-bit hashes of parameter and value, see store/token.ts'`,
  ...types.map(
    (type) =>
      `CREATE TABLE clinical.resource_${type.toLowerCase()} PARTITION OF clinical.resource FOR VALUES IN ('${type}')`,
  ),
  `CREATE TABLE clinical.resource_other PARTITION OF clinical.resource DEFAULT`,
  `CREATE TABLE clinical.history (
     type text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     version integer NOT NULL,
     updated_at timestamptz(3) NOT NULL,
     method text NOT NULL CHECK (method IN ('POST', 'PUT', 'DELETE')),
     seal bigint,
     body text CHECK ((body IS NULL) = (method = 'DELETE')),
     PRIMARY KEY (type, id, version, patient)
   )`,
  `CREATE TABLE clinical.range_index (
     type text COLLATE "C" NOT NULL,
     parameter text COLLATE "C" NOT NULL,
     patient uuid NOT NULL,
     id text COLLATE "C" NOT NULL,
     low double precision NOT NULL,
     high double precision NOT NULL,
     units bigint[]
   )`,
]

const indexes = [
  // the same number as store/token.ts computes
  `CREATE FUNCTION clinical.token(value text) RETURNS bigint IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS
     $$ SELECT ('x' || encode(substring(sha256(convert_to(value, 'UTF8')) FOR 8), 'hex'))::bit(64)::bigint $$`,
  `CREATE INDEX ON clinical.resource (patient, type, date_low DESC NULLS LAST)`,
  `CREATE INDEX ON clinical.resource (type, updated_at, id)`,
  `CREATE INDEX ON clinical.resource USING gin (tokens) WITH (fastupdate = off)`,
  `CREATE INDEX ON clinical.history (type, updated_at)`,
  `CREATE INDEX ON clinical.range_index (type, parameter, low, high)`,
  `CREATE INDEX ON clinical.range_index (type, id)`,
]

const grants = [
  `GRANT USAGE ON SCHEMA clinical TO coffre_care, coffre_research`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clinical TO coffre_care`,
  `GRANT SELECT ON clinical.resource, clinical.range_index TO coffre_research`,
]
