import type { MigrationInterface, QueryRunner } from 'typeorm'
import { advance, appendOnly, cohort, guards } from './0005-governance-triggers.ts'

/**
 * Data access requests, opinions, permits, cohorts (docs/decisions/0007). A status is never written: it
 * moves because an event was inserted, and the database refuses an event that is no transition of
 * `governance.transition`, by someone who may not make it, or without the opinions that it takes.
 */
export class Governance1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const statements = [...settings, ...requests, ...permits, ...guards, ...advance, ...appendOnly, ...cohort]
    for (const statement of [...statements, ...grants]) await runner.query(statement)
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'))
  }
}

const settings = [
  `CREATE SCHEMA governance`,
  `CREATE TABLE governance.policy (
     single boolean PRIMARY KEY DEFAULT true CHECK (single),
     code_prefix text NOT NULL CHECK (code_prefix ~ '^[A-Z]{2,8}$'),
     quorum integer NOT NULL CHECK (quorum >= 1),
     longest_validity_days integer NOT NULL CHECK (longest_validity_days > 0),
     smallest_cell integer NOT NULL CHECK (smallest_cell >= 2)
   )`,
  `COMMENT ON TABLE governance.policy IS 'one row: the hospital''s rules, read by the code and by the triggers'`,
  `COMMENT ON COLUMN governance.policy.quorum IS 'approving opinions that a permit takes'`,
  `COMMENT ON COLUMN governance.policy.smallest_cell IS 'counts of patients below this are not shown'`,
  `INSERT INTO governance.policy (code_prefix, quorum, longest_validity_days, smallest_cell)
   VALUES ('CHU', 1, 1096, 10)`,
  // the same table as src/governance/request-state.ts; a test holds them equal
  `CREATE TABLE governance.transition (
     machine text NOT NULL CHECK (machine IN ('request', 'permit')),
     action text NOT NULL,
     from_status text NOT NULL,
     to_status text NOT NULL,
     role text NOT NULL,
     PRIMARY KEY (machine, action, from_status, role),
     UNIQUE (machine, action, from_status, to_status, role)
   )`,
  `INSERT INTO governance.transition (machine, action, from_status, to_status, role) VALUES
     ('request', 'submit',   'draft',     'in-review', 'requester'),
     ('request', 'submit',   'returned',  'in-review', 'requester'),
     ('request', 'withdraw', 'draft',     'withdrawn', 'requester'),
     ('request', 'withdraw', 'returned',  'withdrawn', 'requester'),
     ('request', 'withdraw', 'in-review', 'withdrawn', 'requester'),
     ('request', 'opine',    'in-review', 'in-review', 'committee'),
     ('request', 'ask',      'in-review', 'returned',  'committee'),
     ('request', 'permit',   'in-review', 'permitted', 'director'),
     ('request', 'refuse',   'in-review', 'refused',   'director'),
     ('permit',  'revoke',   'active',    'revoked',   'director'),
     ('permit',  'revoke',   'suspended', 'revoked',   'director'),
     ('permit',  'expire',   'active',    'expired',   'director'),
     ('permit',  'expire',   'suspended', 'expired',   'director')`,
]

const purposeCategories = [
  ...['scientific-research', 'care-evaluation', 'quality-and-safety'],
  ...['public-health', 'hospital-planning', 'teaching'],
]
const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')

const requests = [
  `CREATE TABLE governance.request_number (year integer PRIMARY KEY, last integer NOT NULL)`,
  `CREATE TABLE governance.request (
     id uuid PRIMARY KEY,
     code text COLLATE "C" NOT NULL UNIQUE,
     requester text NOT NULL,
     status text NOT NULL DEFAULT 'draft'
       CHECK (status IN ('draft', 'in-review', 'returned', 'permitted', 'refused', 'withdrawn')),
     round integer NOT NULL DEFAULT 0 CHECK (round >= 0),
     proposal text NOT NULL,
     evidence text NOT NULL,
     purpose_category text GENERATED ALWAYS AS (proposal::jsonb ->> 'purposeCategory') STORED
       CONSTRAINT request_purpose_category NOT NULL CHECK (purpose_category IN (${quoted(purposeCategories)})),
     created_at timestamptz(3) NOT NULL DEFAULT now(),
     changed_at timestamptz(3) NOT NULL DEFAULT now()
   )`,
  `COMMENT ON COLUMN governance.request.proposal IS 'canonical JSON of all that a permit would allow; frozen outside draft and returned'`,
  `COMMENT ON COLUMN governance.request.evidence IS 'SHA-256 of proposal, hexadecimal; set by the trigger'`,
  `COMMENT ON COLUMN governance.request.round IS 'how often it was submitted; opinions belong to a round'`,
  `CREATE INDEX ON governance.request (created_at, id)`,
  `CREATE TABLE governance.submission (
     request uuid NOT NULL REFERENCES governance.request,
     round integer NOT NULL,
     proposal text NOT NULL,
     evidence text NOT NULL,
     submitted_at timestamptz(3) NOT NULL DEFAULT now(),
     PRIMARY KEY (request, round)
   )`,
  `COMMENT ON TABLE governance.submission IS 'each version that a committee saw, as it saw it'`,
  `CREATE TABLE governance.opinion (
     request uuid NOT NULL,
     round integer NOT NULL,
     member text NOT NULL,
     verdict text NOT NULL CHECK (verdict IN ('approve', 'approve-with-conditions', 'refuse', 'ask')),
     text text NOT NULL,
     given_at timestamptz(3) NOT NULL DEFAULT now(),
     PRIMARY KEY (request, round, member),
     FOREIGN KEY (request, round) REFERENCES governance.submission,
     CONSTRAINT opinion_says_why CHECK (verdict = 'approve' OR btrim(text) <> '')
   )`,
]

const permits = [
  `CREATE TABLE governance.permit (
     id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[0-9a-z]{20,64}$'),
     request uuid NOT NULL UNIQUE,
     round integer NOT NULL,
     status text NOT NULL DEFAULT 'active'
       CHECK (status IN ('active', 'suspended', 'expired', 'revoked', 'closed')),
     version integer NOT NULL DEFAULT 1,
     secret bytea,
     key_version integer,
     valid_from timestamptz(3) NOT NULL DEFAULT now(),
     valid_until timestamptz(3) NOT NULL,
     granted_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
     FOREIGN KEY (request, round) REFERENCES governance.submission,
     CHECK (valid_until > valid_from),
     CONSTRAINT permit_secret_until_closed CHECK (num_nulls(secret, key_version) = CASE status WHEN 'closed' THEN 2 ELSE 0 END)
   )`,
  `COMMENT ON COLUMN governance.permit.secret IS 'project secret, wrapped by the keyring''s key of key_version; destroyed at closing'`,
  `COMMENT ON COLUMN governance.permit.granted_in IS 'the transaction that granted it, the only one that may add members'`,
  `CREATE TABLE governance.permit_member (
     permit text COLLATE "C" NOT NULL REFERENCES governance.permit,
     patient uuid NOT NULL,
     pseudonym text COLLATE "C" NOT NULL,
     shift_days integer NOT NULL CHECK (shift_days <> 0),
     PRIMARY KEY (permit, patient),
     UNIQUE (permit, pseudonym)
   )`,
  `COMMENT ON TABLE governance.permit_member IS 'the cohort as it was when the permit was granted'`,
  `CREATE TABLE governance.event (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     request uuid NOT NULL REFERENCES governance.request,
     permit text COLLATE "C" REFERENCES governance.permit,
     machine text GENERATED ALWAYS AS (CASE WHEN permit IS NULL THEN 'request' ELSE 'permit' END) STORED,
     action text NOT NULL,
     from_status text NOT NULL,
     to_status text NOT NULL,
     actor text NOT NULL,
     role text NOT NULL,
     reason text,
     evidence text NOT NULL,
     at timestamptz(3) NOT NULL,
     FOREIGN KEY (machine, action, from_status, to_status, role)
       REFERENCES governance.transition (machine, action, from_status, to_status, role),
     CONSTRAINT event_says_why CHECK (action NOT IN ('refuse', 'revoke') OR btrim(coalesce(reason, '')) <> '')
   )`,
  `COMMENT ON COLUMN governance.event.evidence IS 'SHA-256 of the request''s canonical proposal at that moment'`,
  `CREATE INDEX ON governance.event (request, sequence)`,
]

const grants = [
  `GRANT USAGE ON SCHEMA governance TO coffre_care, coffre_research`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA governance TO coffre_care`,
  `GRANT INSERT (id, requester, proposal), UPDATE (proposal) ON governance.request TO coffre_care`,
  `GRANT INSERT (request, round, member, verdict, text) ON governance.opinion TO coffre_care`,
  `GRANT INSERT (request, permit, action, actor, role, reason) ON governance.event TO coffre_care`,
  `GRANT INSERT (id, request, round, secret, key_version, valid_until), UPDATE (secret, key_version)
     ON governance.permit TO coffre_care`,
  `GRANT INSERT ON governance.permit_member TO coffre_care`,
  `GRANT SELECT ON governance.permit_member TO coffre_research`,
  `GRANT SELECT (id, status, valid_from, valid_until) ON governance.permit TO coffre_research`,
]
