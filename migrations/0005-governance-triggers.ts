/**
 * The triggers of 0005. They run with the rights of the schema's owner, so that the server's own role
 * needs no right to write a status, a round or a submission. Part of that migration: not to be edited
 * once it has shipped.
 */
const definer = `LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog`

const refuse = (constraint: string, message: string) =>
  `RAISE EXCEPTION '${message}' USING ERRCODE = 'check_violation', CONSTRAINT = '${constraint}'`

/** What a row may look like when it is inserted, and what of it may change later. */
export const guards = [
  `CREATE FUNCTION governance.guard_request() RETURNS trigger ${definer} AS $$
   DECLARE moved governance.event;
   BEGIN
     NEW.evidence := encode(sha256(convert_to(NEW.proposal, 'UTF8')), 'hex');
     IF TG_OP = 'INSERT' THEN
       IF NEW.status <> 'draft' OR NEW.round <> 0 THEN ${refuse('request_begins_as_draft', 'a request begins as a draft')}; END IF;
       INSERT INTO governance.request_number AS number (year, last) VALUES (extract(year FROM now()), 1)
         ON CONFLICT (year) DO UPDATE SET last = number.last + 1
         RETURNING (SELECT p.code_prefix FROM governance.policy p) || '-' || year || '-' || lpad(last::text, greatest(4, length(last::text)), '0')
         INTO NEW.code;
       RETURN NEW;
     END IF;
     IF (NEW.id, NEW.code, NEW.requester, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.code, OLD.requester, OLD.created_at) THEN
       ${refuse('request_identity', 'code and requester of a request do not change')};
     END IF;
     IF NEW.proposal <> OLD.proposal AND OLD.status NOT IN ('draft', 'returned') THEN
       ${refuse('request_frozen', 'a proposal that was submitted does not change')};
     END IF;
     IF (NEW.status, NEW.round) IS DISTINCT FROM (OLD.status, OLD.round) THEN
       SELECT * INTO moved FROM governance.event e WHERE e.request = NEW.id AND e.permit IS NULL ORDER BY e.sequence DESC LIMIT 1;
       IF moved.from_status IS DISTINCT FROM OLD.status OR moved.to_status IS DISTINCT FROM NEW.status
          OR NEW.round <> OLD.round + (moved.action = 'submit')::integer THEN
         ${refuse('request_moves_by_event', 'a status moves by an event')};
       END IF;
     END IF;
     NEW.changed_at := now();
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON governance.request
     FOR EACH ROW EXECUTE FUNCTION governance.guard_request()`,
  `CREATE FUNCTION governance.guard_opinion() RETURNS trigger ${definer} AS $$
   DECLARE asked governance.request;
   BEGIN
     SELECT * INTO STRICT asked FROM governance.request r WHERE r.id = NEW.request FOR UPDATE;
     IF asked.status <> 'in-review' OR asked.round <> NEW.round THEN
       ${refuse('opinion_in_review', 'an opinion is given on the round in review')};
     END IF;
     IF NEW.member = asked.requester OR coalesce(asked.proposal::jsonb -> 'people' ? NEW.member, false) THEN
       ${refuse('opinion_without_interest', 'who asked for the data or will use it gives no opinion')};
     END IF;
     NEW.given_at := now();
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER guard BEFORE INSERT ON governance.opinion
     FOR EACH ROW EXECUTE FUNCTION governance.guard_opinion()`,
  `CREATE FUNCTION governance.guard_permit() RETURNS trigger ${definer} AS $$
   DECLARE asked governance.request; policy governance.policy; moved governance.event;
   BEGIN
     IF TG_OP = 'INSERT' THEN
       SELECT * INTO STRICT asked FROM governance.request r WHERE r.id = NEW.request FOR UPDATE;
       SELECT * INTO STRICT policy FROM governance.policy;
       IF asked.status <> 'permitted' OR asked.round <> NEW.round THEN
         ${refuse('permit_of_permitted', 'a permit takes a permitted request')};
       END IF;
       -- expiresOn ends at midnight in the hospital''s zone, which is at most 12 hours behind UTC
       IF NEW.valid_until > (asked.proposal::jsonb ->> 'expiresOn')::date + interval '1 day 12 hours'
          OR NEW.valid_until > NEW.valid_from + (policy.longest_validity_days + 1) * interval '1 day' THEN
         ${refuse('permit_validity', 'a permit ends when the request said, and within the policy')};
       END IF;
       IF NEW.status <> 'active' OR NEW.version <> 1 OR NEW.granted_in <> pg_current_xact_id() THEN
         ${refuse('permit_begins_active', 'a permit begins active')};
       END IF;
       RETURN NEW;
     END IF;
     IF (NEW.id, NEW.request, NEW.round, NEW.valid_from, NEW.valid_until, NEW.granted_in)
        IS DISTINCT FROM (OLD.id, OLD.request, OLD.round, OLD.valid_from, OLD.valid_until, OLD.granted_in) THEN
       ${refuse('permit_identity', 'what a permit grants does not change')};
     END IF;
     IF NEW.status <> OLD.status THEN
       SELECT * INTO moved FROM governance.event e WHERE e.request = NEW.request AND e.permit = NEW.id ORDER BY e.sequence DESC LIMIT 1;
       IF moved.from_status IS DISTINCT FROM OLD.status OR moved.to_status IS DISTINCT FROM NEW.status THEN
         ${refuse('permit_moves_by_event', 'a status moves by an event')};
       END IF;
     END IF;
     NEW.version := OLD.version + 1;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON governance.permit
     FOR EACH ROW EXECUTE FUNCTION governance.guard_permit()`,
]

/** An event is checked, then moves what it is about. */
export const advance = [
  `CREATE FUNCTION governance.check_event() RETURNS trigger ${definer} AS $$
   DECLARE asked governance.request;
   BEGIN
     SELECT * INTO STRICT asked FROM governance.request r WHERE r.id = NEW.request FOR UPDATE;
     NEW.from_status := asked.status;
     IF NEW.permit IS NOT NULL THEN
       SELECT p.status INTO STRICT NEW.from_status FROM governance.permit p
         WHERE p.id = NEW.permit AND p.request = NEW.request FOR UPDATE;
     END IF;
     SELECT t.to_status INTO NEW.to_status FROM governance.transition t
       WHERE t.machine = CASE WHEN NEW.permit IS NULL THEN 'request' ELSE 'permit' END
         AND t.action = NEW.action AND t.from_status = NEW.from_status AND t.role = NEW.role;
     IF NOT FOUND THEN ${refuse('event_is_transition', 'not a transition of this state by this role')}; END IF;
     NEW.evidence := asked.evidence;
     NEW.at := now();
     IF NEW.permit IS NOT NULL THEN RETURN NEW; END IF;

     IF (NEW.role = 'requester') <> (NEW.actor = asked.requester)
        OR (NEW.role <> 'requester' AND coalesce(asked.proposal::jsonb -> 'people' ? NEW.actor, false)) THEN
       ${refuse('event_separation', 'requester, committee and director are different people')};
     END IF;
     IF NEW.role = 'director' AND EXISTS (
          SELECT FROM governance.opinion o WHERE o.request = NEW.request AND o.member = NEW.actor) THEN
       ${refuse('event_separation', 'who gave an opinion does not decide')};
     END IF;
     IF NEW.role = 'committee' AND NOT EXISTS (
          SELECT FROM governance.opinion o WHERE o.request = NEW.request AND o.round = asked.round
             AND o.member = NEW.actor AND (o.verdict = 'ask') = (NEW.action = 'ask')) THEN
       ${refuse('event_opinion', 'there is no such opinion')};
     END IF;
     IF NEW.action = 'permit' AND (
          (SELECT count(*) FROM governance.opinion o WHERE o.request = NEW.request AND o.round = asked.round
              AND o.verdict IN ('approve', 'approve-with-conditions')) < (SELECT p.quorum FROM governance.policy p)
          OR EXISTS (SELECT FROM governance.opinion o WHERE o.request = NEW.request AND o.round = asked.round
              AND o.verdict = 'refuse')) THEN
       ${refuse('event_quorum', 'a permit takes the quorum of approving opinions and none that refuses')};
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER check_event BEFORE INSERT ON governance.event
     FOR EACH ROW EXECUTE FUNCTION governance.check_event()`,
  `CREATE FUNCTION governance.advance() RETURNS trigger ${definer} AS $$
   BEGIN
     IF NEW.permit IS NOT NULL THEN
       UPDATE governance.permit SET status = NEW.to_status WHERE id = NEW.permit;
     ELSIF NEW.action = 'submit' THEN
       UPDATE governance.request SET status = NEW.to_status, round = round + 1 WHERE id = NEW.request;
       INSERT INTO governance.submission (request, round, proposal, evidence)
         SELECT r.id, r.round, r.proposal, r.evidence FROM governance.request r WHERE r.id = NEW.request;
     ELSIF NEW.to_status <> NEW.from_status THEN
       UPDATE governance.request SET status = NEW.to_status WHERE id = NEW.request;
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER advance AFTER INSERT ON governance.event
     FOR EACH ROW EXECUTE FUNCTION governance.advance()`,
  // permitted without a permit cannot be committed
  `CREATE FUNCTION governance.demand_permit() RETURNS trigger ${definer} AS $$
   BEGIN
     IF NOT EXISTS (SELECT FROM governance.permit p WHERE p.request = NEW.request) THEN
       ${refuse('event_makes_permit', 'a permitted request has a permit')};
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE CONSTRAINT TRIGGER demand_permit AFTER INSERT ON governance.event
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.action = 'permit')
     EXECUTE FUNCTION governance.demand_permit()`,
]

/** Evidence is added and read, never changed: by nobody, the owner included. */
export const appendOnly = [
  `CREATE FUNCTION governance.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN ${refuse('append_only', 'evidence is not changed')}; END $$`,
  ...['submission', 'opinion', 'event'].map(
    (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.${table}
       FOR EACH STATEMENT EXECUTE FUNCTION governance.append_only()`,
  ),
]

/** A cohort is frozen: members come in with the permit, in its transaction, or never. */
export const cohort = [
  `CREATE FUNCTION governance.freeze_cohort() RETURNS trigger ${definer} AS $$
   BEGIN
     IF EXISTS (SELECT FROM added JOIN governance.permit p ON p.id = added.permit
                WHERE p.granted_in <> pg_current_xact_id()) THEN
       ${refuse('permit_member_frozen', 'the cohort of a permit does not grow')};
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER freeze_cohort AFTER INSERT ON governance.permit_member
     REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION governance.freeze_cohort()`,
]
