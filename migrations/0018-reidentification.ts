import type { MigrationInterface, QueryRunner } from 'typeorm'
import { advance, alarms, appendOnly, desk, guards, separation } from './0018-reidentification-triggers.ts'

/**
 * The re-identification desk (docs/decisions/0021): cases, their approvals, what was handed out, alerts.
 * As for requests (0005), a status moves because an event was inserted, and the way back from a pseudonym
 * is a function that demands an approved case.
 */
export class Reidentification1764000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const rules = [...separation, ...guards, ...advance, ...alarms, ...desk, ...appendOnly]
    for (const statement of [...policy, ...cases, ...evidence, ...rules, ...grants])
      await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const policy = [
  `ALTER TABLE governance.policy
     ADD approvals_live_for interval NOT NULL DEFAULT '24 hours' CHECK (approvals_live_for > interval '0'),
     ADD most_recontacted integer NOT NULL DEFAULT 50 CHECK (most_recontacted >= 1),
     ADD cases_a_day_noticed integer NOT NULL DEFAULT 3 CHECK (cases_a_day_noticed >= 1),
     ADD cases_a_day integer NOT NULL DEFAULT 10 CHECK (cases_a_day >= 1),
     ADD patient_again_within interval NOT NULL DEFAULT '90 days',
     ADD desk_days integer[] NOT NULL DEFAULT '{1,2,3,4,5}',
     ADD desk_opens time NOT NULL DEFAULT '07:00',
     ADD desk_closes time NOT NULL DEFAULT '20:00',
     ADD desk_zone text NOT NULL DEFAULT 'Europe/Paris'`,
  `COMMENT ON COLUMN governance.policy.approvals_live_for IS 'a case lapses so long after its first approval'`,
  `COMMENT ON COLUMN governance.policy.most_recontacted IS 'pseudonyms in one case of the ground recontact; any other ground: one'`,
  `COMMENT ON COLUMN governance.policy.cases_a_day_noticed IS 'of one requester, or on one permit: from the next on, an alert'`,
  `COMMENT ON COLUMN governance.policy.cases_a_day IS 'of one requester, or on one permit: the next is refused'`,
  `COMMENT ON COLUMN governance.policy.desk_days IS 'ISO days of the week; what is filed on another, before desk_opens or from desk_closes on raises an alert'`,
]

const cases = [
  // the same table as src/governance/reidentification-state.ts; a test holds them equal
  `CREATE TABLE governance.reidentification_transition (
     action text NOT NULL,
     from_status text NOT NULL,
     to_status text NOT NULL,
     role text NOT NULL,
     PRIMARY KEY (action, from_status, to_status, role)
   )`,
  `INSERT INTO governance.reidentification_transition (action, from_status, to_status, role) VALUES
     ('approve',   'open',     'open',      'dpo'),
     ('approve',   'open',     'open',      'physician'),
     ('approve',   'open',     'approved',  'dpo'),
     ('approve',   'open',     'approved',  'physician'),
     ('refuse',    'open',     'refused',   'dpo'),
     ('refuse',    'open',     'refused',   'physician'),
     ('refuse',    'approved', 'refused',   'dpo'),
     ('refuse',    'approved', 'refused',   'physician'),
     ('withdraw',  'open',     'withdrawn', 'requester'),
     ('withdraw',  'approved', 'withdrawn', 'requester'),
     ('carry-out', 'approved', 'done',      'dpo'),
     ('carry-out', 'approved', 'done',      'physician')`,
  `CREATE TABLE governance.reidentification (
     id uuid PRIMARY KEY,
     permit text COLLATE "C" NOT NULL REFERENCES governance.permit,
     requester text NOT NULL,
     filed_as text NOT NULL CHECK (filed_as IN ('user', 'dpo')),
     ground text NOT NULL CONSTRAINT reidentification_ground
       CHECK (ground IN ('rights-of-the-person', 'benefit-to-the-person', 'recontact', 'legal-order')),
     pseudonyms text[] COLLATE "C" NOT NULL
       CONSTRAINT reidentification_form CHECK (array_to_string(pseudonyms, ',', '') ~ '^[0-9a-z]{16,40}(,[0-9a-z]{16,40})*$')
       CONSTRAINT reidentification_one CHECK (cardinality(pseudonyms) = 1 OR ground = 'recontact'),
     recipient text NOT NULL CHECK (recipient IN ('privacy-desk', 'care-service')),
     recipient_person text,
     status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'approved', 'done', 'refused', 'withdrawn')),
     lapses_at timestamptz(3),
     key bytea NOT NULL,
     key_version integer NOT NULL,
     words bytea NOT NULL,
     filed_at timestamptz(3) NOT NULL DEFAULT now(),
     CONSTRAINT reidentification_recipient CHECK ((recipient = 'care-service') = (recipient_person IS NOT NULL)),
     CONSTRAINT reidentification_filed_as
       CHECK (filed_as = 'user' OR ground IN ('rights-of-the-person', 'legal-order'))
   )`,
  `COMMENT ON TABLE governance.reidentification IS 'a case: who asks whose identity, why, and who is to have it'`,
  `COMMENT ON COLUMN governance.reidentification.pseudonyms IS 'of patients, within the permit; they may be of nobody'`,
  `COMMENT ON COLUMN governance.reidentification.words IS 'reason, evidence and the service''s name: AES-256-GCM under key, which the keyring''s key of key_version wraps'`,
  `COMMENT ON COLUMN governance.reidentification.recipient_person IS 'the physician of the care service who receives'`,
  `COMMENT ON COLUMN governance.reidentification.lapses_at IS 'set by the first approval; past it nothing moves the case'`,
  `CREATE INDEX ON governance.reidentification (filed_at, id)`,
  `CREATE INDEX ON governance.reidentification (requester, filed_at)`,
  `CREATE INDEX ON governance.reidentification (permit, filed_at)`,
]

const evidence = [
  `CREATE TABLE governance.reidentification_event (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     reidentification uuid NOT NULL REFERENCES governance.reidentification,
     action text NOT NULL,
     from_status text NOT NULL,
     to_status text NOT NULL,
     actor text NOT NULL,
     role text NOT NULL,
     words bytea,
     at timestamptz(3) NOT NULL,
     FOREIGN KEY (action, from_status, to_status, role)
       REFERENCES governance.reidentification_transition (action, from_status, to_status, role),
     CONSTRAINT reidentification_event_says_why CHECK (action <> 'refuse' OR words IS NOT NULL)
   )`,
  `COMMENT ON COLUMN governance.reidentification_event.words IS 'why it was refused, sealed under the key of the case'`,
  `CREATE INDEX ON governance.reidentification_event (reidentification, sequence)`,
  `CREATE UNIQUE INDEX reidentification_two_roles
     ON governance.reidentification_event (reidentification, role) WHERE action = 'approve'`,
  `CREATE UNIQUE INDEX reidentification_two_people
     ON governance.reidentification_event (reidentification, actor) WHERE action = 'approve'`,
  `CREATE UNIQUE INDEX reidentification_once
     ON governance.reidentification_event (reidentification) WHERE action = 'carry-out'`,
  `CREATE TABLE governance.reidentified (
     reidentification uuid NOT NULL REFERENCES governance.reidentification,
     patient uuid NOT NULL,
     at timestamptz(3) NOT NULL DEFAULT now(),
     PRIMARY KEY (reidentification, patient)
   )`,
  `COMMENT ON TABLE governance.reidentified IS 'whose identity was handed out, by which case: for the patient''s access report'`,
  `CREATE INDEX ON governance.reidentified (patient, at)`,
  `CREATE TABLE governance.alert (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     kind text NOT NULL CHECK (kind IN ('requester-rate', 'permit-rate', 'over-limit', 'outside-hours',
                                        'repeated-patient', 'staff-as-patient', 'restricted-patient')),
     reidentification uuid REFERENCES governance.reidentification,
     permit text COLLATE "C" NOT NULL REFERENCES governance.permit,
     requester text NOT NULL,
     at timestamptz(3) NOT NULL DEFAULT now(),
     CONSTRAINT alert_of_case CHECK (reidentification IS NOT NULL OR kind = 'over-limit')
   )`,
  `COMMENT ON TABLE governance.alert IS 'what the privacy desk should look at; it names no patient'`,
  `CREATE INDEX ON governance.alert (reidentification)`,
]

const grants = [
  `GRANT SELECT ON governance.reidentification_transition, governance.reidentification,
     governance.reidentification_event, governance.reidentified, governance.alert TO coffre_care`,
  `GRANT INSERT (id, permit, requester, filed_as, ground, pseudonyms, recipient, recipient_person, key, key_version, words),
     UPDATE (key, key_version) ON governance.reidentification TO coffre_care`,
  `GRANT INSERT (reidentification, action, actor, role, words) ON governance.reidentification_event TO coffre_care`,
  `GRANT INSERT (kind, reidentification, permit, requester) ON governance.alert TO coffre_care`,
  // the role care makes cohorts and counts them; which pseudonym is whose it learns from the function alone
  `REVOKE SELECT ON governance.permit_member FROM coffre_care`,
  `GRANT SELECT (permit, patient) ON governance.permit_member TO coffre_care`,
  `REVOKE ALL ON FUNCTION governance.reidentify FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION governance.reidentify TO coffre_care`,
]
