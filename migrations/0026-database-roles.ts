import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Takes from the roles what no statement of the server needs (docs/database-roles.md, docs/decisions/0018).
 * What a later migration adds has to be given by it, functions too: they are everybody's when they are made.
 */
export class DatabaseRoles1764000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...functions, ...partitions, ...rights]) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

/**
 * Whoever may execute a trigger's function may hang it on a temporary table of their own, fill in the row
 * that it is shown, and have it act with the owner's rights. Triggers that are there need no such right.
 */
const functions = [
  `REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA clinical, governance, audit FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION clinical.token TO coffre_care, coffre_research`,
  // an index is made of it, with the rights of who inserts
  `GRANT EXECUTE ON FUNCTION audit.subjects TO coffre_audit`,
]

/** Rows are written and read through the partitioned table. */
const partitions = [
  `DO $$ DECLARE part regclass; BEGIN
     FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'clinical.resource'::regclass LOOP
       EXECUTE format('REVOKE ALL ON %s FROM coffre_care', part);
     END LOOP;
   END $$`,
]

const rights = [
  `REVOKE UPDATE ON clinical.history, clinical.range_index, clinical.search_parameter FROM coffre_care`,
  `REVOKE DELETE ON clinical.reindex, clinical.ucum_unit, clinical.uri_folder FROM coffre_care`,
  `REVOKE DELETE ON export.part, export.file FROM coffre_care`,
  `REVOKE UPDATE ON export.file FROM coffre_care`,
  `REVOKE DELETE ON import.job, import.input, import.refusal FROM coffre_care`,
  `REVOKE UPDATE ON import.refusal FROM coffre_care`,
  `REVOKE UPDATE ON subscription.event FROM coffre_care`,
  // that a cohort was left stays on record
  `REVOKE DELETE ON governance.former_member FROM coffre_care`,
  `REVOKE UPDATE ON governance.erasure FROM coffre_care`,
  `GRANT UPDATE (patient, state, confirmed_by, confirmed_role, confirmed_at, erased_at, proved_at, texts, certificate, mac)
     ON governance.erasure TO coffre_care`,
  // whether a permit is active is asked by the role care, before anything is read under it
  `REVOKE SELECT (id, status, valid_from, valid_until) ON governance.permit FROM coffre_research`,
  `REVOKE SELECT ON governance.permit_member FROM coffre_research`,
  `GRANT SELECT (permit, patient, pseudonym, secret) ON governance.permit_member TO coffre_research`,
]
