import type { MigrationInterface, QueryRunner } from 'typeorm'
import { placesOf } from './0020-places-of.ts'

/**
 * Erasure: asked by one person, confirmed by another of another role, carried out step by step, proved
 * (docs/decisions/0022). A row's state moves forward only.
 */
export class Erasure1764000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const grounds = [
  'no-longer-necessary',
  'consent-withdrawn',
  'objection',
  'unlawful-processing',
  'legal-obligation',
]
const retentions = ['kept-by-source', 'period-over', 'not-a-care-record']
const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
const definer = `LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog`
const refuse = (constraint: string, message: string) =>
  `RAISE EXCEPTION '${message}' USING ERRCODE = 'check_violation', CONSTRAINT = '${constraint}'`

const statements = [
  `CREATE TABLE governance.erasure (
     id uuid PRIMARY KEY,
     number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
     patient uuid,
     mark bytea NOT NULL CHECK (length(mark) = 32),
     ground text NOT NULL CHECK (ground IN (${quoted(grounds)})),
     retention text NOT NULL CHECK (retention IN (${quoted(retentions)})),
     state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'withdrawn', 'confirmed', 'erased', 'proved')),
     asked_by text NOT NULL,
     asked_at timestamptz(3) NOT NULL,
     confirmed_by text,
     confirmed_role text CHECK (confirmed_role IN ('director', 'steward', 'server')),
     confirmed_at timestamptz(3),
     erased_at timestamptz(3),
     proved_at timestamptz(3),
     texts bigint[],
     certificate text,
     mac bytea,
     CONSTRAINT erasure_by_two CHECK (confirmed_by <> asked_by),
     CONSTRAINT erasure_confirmed CHECK (num_nonnulls(confirmed_by, confirmed_role, confirmed_at)
       = CASE WHEN state IN ('asked', 'withdrawn') THEN 0 ELSE 3 END),
     CHECK ((erased_at IS NOT NULL) = (state IN ('erased', 'proved'))),
     CONSTRAINT erasure_proved CHECK (num_nonnulls(proved_at, certificate, mac) = CASE state WHEN 'proved' THEN 3 ELSE 0 END),
     CONSTRAINT erasure_forgets CHECK (CASE state WHEN 'proved' THEN num_nulls(patient, texts) = 2
       WHEN 'withdrawn' THEN TRUE ELSE patient IS NOT NULL END)
   )`,
  `COMMENT ON COLUMN governance.erasure.patient IS 'key; gone once the erasure is proved'`,
  `COMMENT ON COLUMN governance.erasure.mark IS 'HMAC of the key: what the list outside the database knows the patient by'`,
  `COMMENT ON COLUMN governance.erasure.retention IS 'why the legal duty to keep the care record does not stand in the way'`,
  `COMMENT ON COLUMN governance.erasure.texts IS 'tokens of texts that nobody else had; gone once the erasure is proved'`,
  `CREATE UNIQUE INDEX erasure_open ON governance.erasure (patient) WHERE state NOT IN ('withdrawn', 'proved')`,
  `CREATE INDEX ON governance.erasure (state) WHERE state IN ('confirmed', 'erased')`,
  `CREATE FUNCTION governance.guard_erasure() RETURNS trigger ${definer} AS $$
   BEGIN
     IF TG_OP = 'INSERT' THEN
       IF NEW.state <> 'asked' THEN ${refuse('erasure_begins_asked', 'an erasure begins by being asked')}; END IF;
       RETURN NEW;
     END IF;
     IF (NEW.id, NEW.mark, NEW.ground, NEW.retention, NEW.asked_by, NEW.asked_at)
        IS DISTINCT FROM (OLD.id, OLD.mark, OLD.ground, OLD.retention, OLD.asked_by, OLD.asked_at)
        OR (OLD.state <> 'asked' AND (NEW.confirmed_by, NEW.confirmed_role, NEW.confirmed_at)
              IS DISTINCT FROM (OLD.confirmed_by, OLD.confirmed_role, OLD.confirmed_at)) THEN
       ${refuse('erasure_identity', 'what was asked and confirmed does not change')};
     END IF;
     IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
          (('asked', 'withdrawn'), ('asked', 'confirmed'), ('confirmed', 'erased'), ('erased', 'proved')) THEN
       ${refuse('erasure_moves_forward', 'an erasure moves forward only')};
     END IF;
     IF OLD.state = 'proved' THEN ${refuse('erasure_proved', 'a proved erasure does not change')}; END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON governance.erasure
     FOR EACH ROW EXECUTE FUNCTION governance.guard_erasure()`,
  // an opposition is taken away with its patient, and only so
  `CREATE FUNCTION governance.guard_opposition_delete() RETURNS trigger ${definer} AS $$
   BEGIN
     IF NOT EXISTS (SELECT FROM governance.erasure e WHERE e.patient = OLD.patient AND e.state = 'erased') THEN
       ${refuse('opposition_stays', 'an opposition is lifted, not deleted')};
     END IF;
     RETURN OLD;
   END $$`,
  `CREATE TRIGGER guard_delete BEFORE DELETE ON governance.opposition
     FOR EACH ROW EXECUTE FUNCTION governance.guard_opposition_delete()`,
  // the trail is not looked through: it stays; the vault is looked through by its own function
  placesOf(
    'governance',
    `n.nspname NOT IN ('information_schema', 'audit', 'identity') AND n.nspname !~ '^pg_'`,
  ),
  `REVOKE ALL ON FUNCTION governance.places_of FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION governance.places_of TO coffre_care`,
  `GRANT SELECT, INSERT, UPDATE ON governance.erasure TO coffre_care`,
  `GRANT DELETE ON governance.opposition TO coffre_care`,
]
