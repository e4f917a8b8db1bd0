import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Every process hears at once of tokens that are good no longer, whoever took them away, and how. */
export class Revocation1764000000033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  `CREATE FUNCTION auth.tell_revoked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
   BEGIN
     PERFORM pg_notify('coffre_revoked', encode(substring(OLD.id_hash FROM 1 FOR 16), 'hex'));
     RETURN NULL;
   END $$`,
  `COMMENT ON FUNCTION auth.tell_revoked IS 'tells of an access token by the id that it has in the trail'`,
  `CREATE FUNCTION auth.tell_rights_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
   BEGIN
     PERFORM pg_notify('coffre_revoked', '*');
     RETURN NULL;
   END $$`,
  `COMMENT ON FUNCTION auth.tell_rights_changed IS 'tells that any token may reach less far than it did'`,
  `REVOKE ALL ON FUNCTION auth.tell_revoked, auth.tell_rights_changed FROM PUBLIC`,
  // what the sweep takes away had ended already
  `CREATE TRIGGER tell_revoked AFTER DELETE OR UPDATE ON auth.artifact FOR EACH ROW
     WHEN (OLD.model IN ('AccessToken', 'ClientCredentials') AND OLD.expires_at > now())
     EXECUTE FUNCTION auth.tell_revoked()`,
  // a client or a person that goes takes its tokens along, row by row
  `CREATE TRIGGER tell_rights_changed AFTER UPDATE OF scope, grants ON auth.client
     FOR EACH STATEMENT EXECUTE FUNCTION auth.tell_rights_changed()`,
  `CREATE TRIGGER tell_rights_changed AFTER UPDATE OF scope, emergency_scope, fhir_user ON auth.person
     FOR EACH STATEMENT EXECUTE FUNCTION auth.tell_rights_changed()`,
]
