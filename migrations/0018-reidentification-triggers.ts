/**
 * The triggers and functions of 0018. They run with the rights of the schema's owner, so that the
 * server's own role needs no right to write a status or to read the way back from a pseudonym. Part of
 * that migration: not to be edited once it has shipped.
 */
const definer = `LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog`

const refuse = (constraint: string, message: string) =>
  `RAISE EXCEPTION '${message}' USING ERRCODE = 'check_violation', CONSTRAINT = '${constraint}'`

/** Who stands too near to a project to have a say in whose identity is opened for it. */
export const separation = [
  `CREATE FUNCTION governance.is_of_project(asked uuid, person text) RETURNS boolean
     LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
     SELECT EXISTS (SELECT FROM governance.request r WHERE r.id = asked AND r.requester = person)
       OR EXISTS (SELECT FROM governance.submission s WHERE s.request = asked AND s.proposal::jsonb -> 'people' ? person) $$`,
  `CREATE FUNCTION governance.has_decided(asked uuid, person text) RETURNS boolean
     LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
     SELECT EXISTS (SELECT FROM governance.opinion o WHERE o.request = asked AND o.member = person)
       OR EXISTS (SELECT FROM governance.event e WHERE e.request = asked AND e.actor = person) $$`,
]

/** What a case may look like when it is filed, and what of it may change later. */
export const guards = [
  `CREATE FUNCTION governance.file_reidentification() RETURNS trigger ${definer} AS $$
   DECLARE policy governance.policy; granted governance.permit; named boolean;
   BEGIN
     -- one after the other, so that the limit is one
     PERFORM pg_advisory_xact_lock(hashtextextended('governance.reidentification', 0));
     SELECT * INTO STRICT policy FROM governance.policy;
     SELECT * INTO STRICT granted FROM governance.permit p WHERE p.id = NEW.permit FOR SHARE;
     IF NEW.status <> 'open' OR NEW.lapses_at IS NOT NULL THEN
       ${refuse('reidentification_begins_open', 'a case begins open')};
     END IF;
     SELECT s.proposal::jsonb -> 'people' ? NEW.requester INTO named FROM governance.submission s
       WHERE s.request = granted.request AND s.round = granted.round;
     IF NEW.filed_as = 'user' AND NOT coalesce(named, false)
        OR NEW.filed_as = 'dpo' AND (governance.is_of_project(granted.request, NEW.requester)
                                     OR governance.has_decided(granted.request, NEW.requester)) THEN
       ${refuse('reidentification_requester', 'a case is filed by a user of the permit, or by the privacy desk from outside the project')};
     END IF;
     IF granted.status = 'closed' OR NEW.filed_as = 'user' AND (granted.status <> 'active' OR granted.valid_until <= now()) THEN
       ${refuse('reidentification_permit', 'a user files under an active permit, the privacy desk until it is closed')};
     END IF;
     IF NEW.recipient_person IS NOT NULL AND (NEW.recipient_person = NEW.requester
        OR governance.is_of_project(granted.request, NEW.recipient_person)) THEN
       ${refuse('reidentification_recipient', 'identity goes to nobody of the project and not to the requester')};
     END IF;
     IF cardinality(NEW.pseudonyms) > policy.most_recontacted THEN
       ${refuse('reidentification_most', 'more pseudonyms than the policy allows')};
     END IF;
     NEW.filed_at := now();
     IF (SELECT count(*) FILTER (WHERE c.requester = NEW.requester) >= policy.cases_a_day
             OR count(*) FILTER (WHERE c.permit = NEW.permit) >= policy.cases_a_day
         FROM governance.reidentification c
         WHERE (c.requester = NEW.requester OR c.permit = NEW.permit) AND c.filed_at > now() - interval '1 day') THEN
       ${refuse('reidentification_limit', 'more cases in a day than the policy allows')};
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER file BEFORE INSERT ON governance.reidentification
     FOR EACH ROW EXECUTE FUNCTION governance.file_reidentification()`,
  `CREATE FUNCTION governance.guard_reidentification() RETURNS trigger ${definer} AS $$
   DECLARE moved governance.reidentification_event;
   BEGIN
     IF (NEW.id, NEW.permit, NEW.requester, NEW.filed_as, NEW.ground, NEW.pseudonyms, NEW.recipient, NEW.recipient_person,
         NEW.words, NEW.filed_at)
        IS DISTINCT FROM (OLD.id, OLD.permit, OLD.requester, OLD.filed_as, OLD.ground, OLD.pseudonyms, OLD.recipient,
         OLD.recipient_person, OLD.words, OLD.filed_at) THEN
       ${refuse('reidentification_frozen', 'what a case asks for does not change')};
     END IF;
     IF (NEW.status, NEW.lapses_at) IS DISTINCT FROM (OLD.status, OLD.lapses_at) THEN
       SELECT * INTO moved FROM governance.reidentification_event e
         WHERE e.reidentification = NEW.id ORDER BY e.sequence DESC LIMIT 1;
       IF moved.from_status IS DISTINCT FROM OLD.status OR moved.to_status IS DISTINCT FROM NEW.status
          OR NEW.lapses_at IS DISTINCT FROM OLD.lapses_at AND (moved.action <> 'approve' OR OLD.lapses_at IS NOT NULL) THEN
         ${refuse('reidentification_moves_by_event', 'a status moves by an event')};
       END IF;
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER guard BEFORE UPDATE ON governance.reidentification
     FOR EACH ROW EXECUTE FUNCTION governance.guard_reidentification()`,
]

/** An event is checked, then moves its case. */
export const advance = [
  `CREATE FUNCTION governance.check_reidentification_event() RETURNS trigger ${definer} AS $$
   DECLARE asked governance.reidentification; granted governance.permit; approvals integer;
   BEGIN
     SELECT * INTO STRICT asked FROM governance.reidentification c WHERE c.id = NEW.reidentification FOR UPDATE;
     SELECT * INTO STRICT granted FROM governance.permit p WHERE p.id = asked.permit FOR SHARE;
     SELECT count(*) INTO approvals FROM governance.reidentification_event e
       WHERE e.reidentification = asked.id AND e.action = 'approve';
     NEW.from_status := asked.status;
     NEW.at := now();
     SELECT t.to_status INTO NEW.to_status FROM governance.reidentification_transition t
       WHERE t.action = NEW.action AND t.from_status = asked.status AND t.role = NEW.role
         AND (t.action <> 'approve' OR t.to_status = CASE approvals WHEN 0 THEN 'open' ELSE 'approved' END);
     IF NOT FOUND THEN
       ${refuse('reidentification_event_is_transition', 'not a transition of this state by this role')};
     END IF;
     IF asked.lapses_at <= clock_timestamp() THEN
       ${refuse('reidentification_lapsed', 'the approvals of this case have lapsed')};
     END IF;
     IF (NEW.role = 'requester') <> (NEW.actor = asked.requester) THEN
       ${refuse('reidentification_separation', 'who asks does not decide, and is not answered')};
     END IF;
     IF NEW.role <> 'requester' AND governance.is_of_project(granted.request, NEW.actor) THEN
       ${refuse('reidentification_separation', 'nobody of the project decides, and nobody of it is answered')};
     END IF;
     IF NEW.action IN ('approve', 'refuse') AND (governance.has_decided(granted.request, NEW.actor)
        OR NEW.actor IS NOT DISTINCT FROM asked.recipient_person) THEN
       ${refuse('reidentification_separation', 'who decided on the project, and who will be answered, does not decide')};
     END IF;
     IF NEW.action IN ('approve', 'carry-out') AND (granted.status = 'closed'
        OR asked.filed_as = 'user' AND (granted.status <> 'active' OR granted.valid_until <= clock_timestamp())) THEN
       ${refuse('reidentification_permit', 'the permit that the case was filed under has ended')};
     END IF;
     IF NEW.action = 'carry-out' AND (approvals <> 2
        OR EXISTS (SELECT FROM governance.reidentification_event e WHERE e.reidentification = asked.id
                     AND e.action = 'approve' AND e.actor = NEW.actor)
        OR NEW.role <> CASE asked.recipient WHEN 'privacy-desk' THEN 'dpo' ELSE 'physician' END
        OR NEW.actor <> coalesce(asked.recipient_person, NEW.actor)) THEN
       ${refuse('reidentification_recipient', 'only the recipient is answered, who has not approved')};
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER check_event BEFORE INSERT ON governance.reidentification_event
     FOR EACH ROW EXECUTE FUNCTION governance.check_reidentification_event()`,
  // with the rights of who inserts: only the function reidentify(), whose owner may write what was handed out
  `CREATE FUNCTION governance.demand_desk() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
   BEGIN
     IF NOT has_table_privilege('governance.reidentified', 'INSERT') THEN
       ${refuse('reidentification_by_function', 'a case is carried out by the function that answers')};
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER demand_desk BEFORE INSERT ON governance.reidentification_event
     FOR EACH ROW WHEN (NEW.action = 'carry-out') EXECUTE FUNCTION governance.demand_desk()`,
  `CREATE FUNCTION governance.advance_reidentification() RETURNS trigger ${definer} AS $$
   BEGIN
     UPDATE governance.reidentification SET status = NEW.to_status,
         lapses_at = CASE NEW.action WHEN 'approve'
           THEN coalesce(lapses_at, NEW.at + (SELECT p.approvals_live_for FROM governance.policy p)) ELSE lapses_at END
       WHERE id = NEW.reidentification;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER advance AFTER INSERT ON governance.reidentification_event
     FOR EACH ROW EXECUTE FUNCTION governance.advance_reidentification()`,
]

/** What is seen from the case alone, at filing. */
export const alarms = [
  `CREATE FUNCTION governance.watch_reidentification() RETURNS trigger ${definer} AS $$
   DECLARE policy governance.policy; here timestamp;
   BEGIN
     SELECT * INTO STRICT policy FROM governance.policy;
     here := NEW.filed_at AT TIME ZONE policy.desk_zone;
     INSERT INTO governance.alert (kind, reidentification, permit, requester)
       SELECT kind, NEW.id, NEW.permit, NEW.requester FROM (
         SELECT 'requester-rate' AS kind, count(*) > policy.cases_a_day_noticed AS is_seen FROM governance.reidentification c
           WHERE c.requester = NEW.requester AND c.filed_at > now() - interval '1 day'
         UNION ALL SELECT 'permit-rate', count(*) > policy.cases_a_day_noticed FROM governance.reidentification c
           WHERE c.permit = NEW.permit AND c.filed_at > now() - interval '1 day'
         UNION ALL SELECT 'outside-hours', extract(isodow FROM here) <> ALL (policy.desk_days)
           OR here::time < policy.desk_opens OR here::time >= policy.desk_closes
       ) AS watched WHERE is_seen;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER watch AFTER INSERT ON governance.reidentification
     FOR EACH ROW EXECUTE FUNCTION governance.watch_reidentification()`,
]

/** The way back: the only one for the role care. */
export const desk = [
  `CREATE FUNCTION governance.reidentify(asked uuid, claimant text, claimant_role text)
     RETURNS TABLE (pseudonym text, patient uuid) ${definer} AS $$
   BEGIN
     INSERT INTO governance.reidentification_event (reidentification, action, actor, role)
       VALUES (asked, 'carry-out', claimant, claimant_role);
     INSERT INTO governance.alert (kind, reidentification, permit, requester)
       SELECT DISTINCT 'repeated-patient', c.id, c.permit, c.requester FROM governance.reidentification c
         JOIN governance.permit_member m ON m.permit = c.permit AND m.pseudonym = ANY(c.pseudonyms)
         JOIN governance.reidentified d ON d.patient = m.patient
         WHERE c.id = asked AND d.at > now() - (SELECT p.patient_again_within FROM governance.policy p);
     INSERT INTO governance.reidentified (reidentification, patient)
       SELECT c.id, m.patient FROM governance.reidentification c
         JOIN governance.permit_member m ON m.permit = c.permit AND m.pseudonym = ANY(c.pseudonyms)
         WHERE c.id = asked;
     RETURN QUERY
       SELECT p.pseudonym, m.patient FROM governance.reidentification c
         CROSS JOIN unnest(c.pseudonyms) WITH ORDINALITY AS p (pseudonym, position)
         LEFT JOIN governance.permit_member m ON m.permit = c.permit AND m.pseudonym = p.pseudonym
         WHERE c.id = asked ORDER BY p.position;
   END $$`,
  `COMMENT ON FUNCTION governance.reidentify IS 'carries an approved case out, once, and says whose the pseudonyms are; no patient: not in the cohort, or not any more'`,
]

/** Evidence is added and read, never changed: by nobody, the owner included. */
export const appendOnly = ['reidentification_event', 'reidentified', 'alert'].map(
  (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.${table}
     FOR EACH STATEMENT EXECUTE FUNCTION governance.append_only()`,
)
