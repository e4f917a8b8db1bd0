import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What the access report of a patient is found by (docs/decisions/0025). */
export class AccessReport1764000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const statements = [
  // computed from the body, which the chain covers: no column of its own that could say something else. Cut
  // at fixed texts: regular expressions cost six times as much
  `CREATE FUNCTION audit.subjects(body text) RETURNS text[] IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
   DECLARE
     parts text[] := string_to_array(body, '"reference":"Patient/');
     found text[] := '{}';
     permit text;
   BEGIN
     FOR i IN 2 .. cardinality(parts) LOOP
       found := found || ('Patient/' || split_part(split_part(parts[i], '"', 1), '/', 1));
     END LOOP;
     IF strpos(body, '"code":"110106"') > 0 THEN
       permit := substring(body FROM '"what":\\{"identifier":\\{"value":"([0-9a-z]+)"\\}\\},"type":\\{"system":"http://hl7.org/fhir/resource-types","code":"ResearchStudy"');
       found := found || ('export/' || coalesce(permit, 'care'));
     END IF;
     RETURN found;
   END $$`,
  `COMMENT ON FUNCTION audit.subjects IS
     'whom an AuditEvent is about: Patient/{key or pseudonym}, export/{permit}, export/care'`,
  `CREATE INDEX event_subjects ON audit.event USING gin (audit.subjects(body)) WITH (fastupdate = off)`,
  `CREATE TABLE governance.former_member (
     permit text COLLATE "C" NOT NULL REFERENCES governance.permit,
     patient uuid NOT NULL,
     left_at timestamptz(3) NOT NULL,
     PRIMARY KEY (permit, patient, left_at)
   )`,
  `COMMENT ON TABLE governance.former_member IS
     'who was in a cohort and left it: what they may ask about stays, their pseudonym does not'`,
  `CREATE INDEX ON governance.former_member (patient)`,
  `CREATE INDEX ON governance.permit_member (patient)`,
  `CREATE FUNCTION governance.remember_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog AS $$
   BEGIN
     INSERT INTO governance.former_member (permit, patient, left_at)
     VALUES (OLD.permit, OLD.patient, clock_timestamp()) ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER remember_member AFTER DELETE ON governance.permit_member
     FOR EACH ROW EXECUTE FUNCTION governance.remember_member()`,
  // which pseudonym is whose is for the database alone (0018): it looks, and gives back events without names
  `CREATE FUNCTION governance.accesses_under_pseudonym(asked uuid, since timestamptz, upto timestamptz)
     RETURNS TABLE (chain uuid, sequence bigint, recorded_at timestamptz, body text)
     LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
     SELECT e.chain, e.sequence, e.recorded_at,
            regexp_replace(e.body, '"reference":"([A-Za-z]+)/[^"]*"', '"reference":"\\1/-"', 'g')
     FROM governance.permit_member m
     JOIN audit.event e ON audit.subjects(e.body) @> ARRAY['Patient/' || m.pseudonym]
     WHERE m.patient = asked AND e.recorded_at BETWEEN since AND upto
     ORDER BY e.recorded_at DESC, e.chain DESC, e.sequence DESC $$`,
  `REVOKE ALL ON FUNCTION governance.accesses_under_pseudonym FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION governance.accesses_under_pseudonym TO coffre_care`,
  `GRANT SELECT, DELETE ON governance.former_member TO coffre_care`,
]
