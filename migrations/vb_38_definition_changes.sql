-- The history of every definition: bots, entries of knowledge, silences, the escalation policy, notifications, limits and settings.
-- Triggers write it in the transaction of the change, whoever makes the change: a command, a process of the engine, a migration, or
-- a statement by hand. A row holds what the change replaced: the row of the definition itself is its newest version, so neither
-- can contradict the other. The job `tidy` keeps the newest rows of each definition.
CREATE TABLE engine.definition_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('bot', 'knowledge', 'silence', 'policy', 'notifications', 'limit', 'setting')),
  -- the id of its row; the name of a limit or a setting; else the kind
  definition text NOT NULL,
  -- the version that the change made; the first one that was recorded is 1
  version int NOT NULL CHECK (version > 0),
  -- what people call it, after the change
  name text,
  event text NOT NULL CHECK (event IN ('added', 'changed', 'deleted')),
  -- all its columns before the change; NULL if there was none
  before jsonb CHECK (jsonb_typeof(before) = 'object'),
  -- the columns that were changed, with their new values; NULL where it was added or deleted as a whole
  after jsonb CHECK (jsonb_typeof(after) = 'object'),
  actor text NOT NULL,
  -- sql: a statement by hand, or by another program
  source text NOT NULL CHECK (source IN ('command', 'apply', 'application', 'catalogue', 'engine', 'migration', 'sql')),
  -- the command, the set and the file, the migration, or the name of the program that sent the statement
  place text,
  why text,
  -- the login of the session, whatever it says of itself
  database_role text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT engine.now(),
  UNIQUE (kind, definition, version),
  CHECK ((event = 'added') = (before IS NULL)),
  CHECK ((event = 'changed') = (after IS NOT NULL))
);
CREATE INDEX idx_definition_changes_kind ON engine.definition_changes (kind, id);

-- Only the triggers write rows: they run as the owner.
REVOKE ALL ON engine.definition_changes FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, DELETE ON engine.definition_changes TO service_role;

-- A definition names secrets and does not contain them. What was written by hand all the same does not stay in the history:
-- passwords in addresses, what follows Bearer, Basic or ApiKey, tokens in the form of their issuers, and keys in PEM.
CREATE FUNCTION engine.without_credentials(p_definition jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t text := p_definition::text;
BEGIN
  IF t !~* '://[^\s"/]*@|bearer|basic|apikey|gh[opsur]_|github_pat_|glpat-|npm_|xox[a-z]-|xapp-|whsec_|[spr]k[-_]|a[ks]ia|aiza|eyj|hooks\.slack|discord|private key' THEN
    RETURN p_definition;
  END IF;
  t := regexp_replace(t, '(://[^\s"/?#@:]*:)[^\s"/?#@{}]+@', '\1[redacted]@', 'g');
  t := regexp_replace(t, '\m(bearer|basic|apikey)(\s+)(?=[A-Za-z0-9+/=.~_-]*[0-9])[A-Za-z0-9+/=.~_-]{8,}', '\1\2[redacted]', 'gi');
  t := regexp_replace(t, '\m(gh[opsur]_\w{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{20,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|whsec_[\w+/=-]{16,}|(sk|pk|rk)[-_](live|test|proj|ant)[-_][\w-]{16,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?)', '[redacted]', 'g');
  t := regexp_replace(t, '(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/\d+/)[\w/-]{16,}', '\1[redacted]', 'g');
  t := regexp_replace(t, '-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(-----END [A-Z ]*PRIVATE KEY-----|(?="))', '[redacted]', 'g');
  RETURN t::jsonb;
END
$$;

-- Who makes the change of this transaction, and from where. Commands and services say so in settings of the transaction. Where
-- none is set, it is a process of the engine, by the name of its session, or a statement by hand: then the role in force acts, with the
-- user's id of a signed-in user.
CREATE FUNCTION engine.change_context(OUT actor text, OUT source text, OUT place text, OUT why text, OUT database_role text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  program text := nullif(current_setting('application_name'), '');
  acting text := CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END;
  signed_in text := substring(nullif(current_setting('request.jwt.claims', true), '') FROM '"sub"\s*:\s*"([^"]{1,100})"');
BEGIN
  database_role := session_user;
  source := nullif(current_setting('engine.change_source', true), '');
  actor := nullif(current_setting('engine.change_actor', true), '');
  place := nullif(current_setting('engine.change_place', true), '');
  why := nullif(current_setting('engine.change_why', true), '');
  IF source IS NOT NULL THEN
    actor := coalesce(actor, 'roundsman');
  ELSIF program ~ '^roundsman ' AND acting NOT IN ('anon', 'authenticated') THEN
    source := 'engine';
    actor := 'roundsman';
    place := program;
  ELSE
    source := 'sql';
    actor := acting || coalesce(' for the user ' || signed_in, '');
    place := program;
  END IF;
END
$$;

-- Writes the next version of one definition. The caller's transaction holds the definition's row, so two sessions do not take the same
-- number.
CREATE FUNCTION engine.write_definition_change(p_kind text, p_definition text, p_name text, p_before jsonb, p_after jsonb, p_event text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO engine.definition_changes (kind, definition, version, name, event, before, after, actor, source, place, why, database_role)
  SELECT p_kind, p_definition,
         coalesce((SELECT max(d.version) FROM engine.definition_changes d WHERE d.kind = p_kind AND d.definition = p_definition), 0) + 1,
         p_name, p_event, engine.without_credentials(p_before), engine.without_credentials(p_after),
         c.actor, c.source, c.place, c.why, c.database_role
  FROM engine.change_context() c;
END
$$;

-- After an UPDATE or DELETE of a row. Arguments: the kind, and the columns of the definition.
CREATE FUNCTION engine.definition_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  columns text[] := string_to_array(TG_ARGV[1], ' ');
  old_row jsonb := to_jsonb(OLD);
  new_row jsonb := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(NEW) END;
  was jsonb := (SELECT jsonb_object_agg(c, old_row -> c) FROM unnest(columns) c);
  changed jsonb := (SELECT jsonb_object_agg(c, new_row -> c) FROM unnest(columns) c
                    WHERE TG_OP = 'UPDATE' AND new_row -> c IS DISTINCT FROM old_row -> c);
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM engine.write_definition_change(TG_ARGV[0], old_row ->> 'id', old_row ->> 'name', was, NULL, 'deleted');
  ELSIF changed IS NOT NULL THEN
    PERFORM engine.write_definition_change(TG_ARGV[0], old_row ->> 'id', new_row ->> 'name', was, changed, 'changed');
  END IF;
  RETURN NULL;
END
$$;

-- After an INSERT of rows, all of a statement at once: many are added in one. Their columns are not repeated, because they stand in the
-- row itself, and in what the next change replaces.
CREATE FUNCTION engine.definitions_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  has_name boolean := TG_ARGV[0] <> 'silence';
  has_catalogue boolean := TG_ARGV[0] IN ('bot', 'knowledge');
BEGIN
  EXECUTE format($insert$
    INSERT INTO engine.definition_changes (kind, definition, version, name, event, actor, source, place, why, database_role)
    SELECT %1$L, n.id::text,
           coalesce((SELECT max(d.version) FROM engine.definition_changes d WHERE d.kind = %1$L AND d.definition = n.id::text), 0) + 1,
           %2$s, 'added', c.actor,
           CASE WHEN c.source = 'engine' AND %3$s IS NOT NULL THEN 'catalogue' ELSE c.source END, c.place, c.why, c.database_role
    FROM added n CROSS JOIN engine.change_context() c ORDER BY n.id$insert$,
    TG_ARGV[0], CASE WHEN has_name THEN 'n.name' ELSE 'NULL::text' END,
    CASE WHEN has_catalogue THEN 'n.catalogue_name' ELSE 'NULL::text' END);
  RETURN NULL;
END
$$;

CREATE TRIGGER definitions_added AFTER INSERT ON bots
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_added('bot');
CREATE TRIGGER definition_changed AFTER UPDATE OF name, display_name, description, schedule_cron, timezone, api_endpoint, config,
    catch_up, catch_up_limit, grace_seconds, overlap, concurrency, jitter_seconds, timeout_seconds, max_attempts, priority, confirm,
    clear, status, status_reason, removed_at ON bots
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('bot', 'name display_name description schedule_cron timezone api_endpoint config catch_up catch_up_limit grace_seconds overlap concurrency jitter_seconds timeout_seconds max_attempts priority confirm clear status status_reason removed_at');
CREATE TRIGGER definition_deleted AFTER DELETE ON bots
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('bot', 'name display_name description schedule_cron timezone api_endpoint config catch_up catch_up_limit grace_seconds overlap concurrency jitter_seconds timeout_seconds max_attempts priority confirm clear status status_reason removed_at');

CREATE TRIGGER definitions_added AFTER INSERT ON bot_knowledge
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_added('knowledge');
CREATE TRIGGER definition_changed AFTER UPDATE OF name, category, issue_pattern, solution, half_life_days, autonomy, enabled, removed_at ON bot_knowledge
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('knowledge', 'name category issue_pattern solution half_life_days autonomy enabled removed_at');
CREATE TRIGGER definition_deleted AFTER DELETE ON bot_knowledge
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('knowledge', 'name category issue_pattern solution half_life_days autonomy enabled removed_at');

CREATE TRIGGER definitions_added AFTER INSERT ON bot_silences
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_added('silence');
CREATE TRIGGER definition_changed AFTER UPDATE OF bot_id, component, category, fingerprint, owner, reason, until_resolved, expires_at, ended_at ON bot_silences
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('silence', 'bot_id component category fingerprint owner reason until_resolved expires_at ended_at');
CREATE TRIGGER definition_deleted AFTER DELETE ON bot_silences
  FOR EACH ROW EXECUTE FUNCTION engine.definition_changed('silence', 'bot_id component category fingerprint owner reason until_resolved expires_at ended_at');

-- What the engine writes for itself in engine.settings is no definition.
CREATE FUNCTION engine.is_definition(p_setting text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_setting NOT IN ('knowledge_version', 'queue_backend', 'last_stop', 'ping', 'mode_changes', 'retention_from', 'admin_test', 'planted_faults')
    AND p_setting !~ '^fault\.'
$$;

-- A limit is one value of the settings `healing` and `budget`, and has a history of its own. A JSON null is no value.
CREATE FUNCTION engine.setting_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  setting text := CASE TG_OP WHEN 'DELETE' THEN OLD.key ELSE NEW.key END;
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN nullif(OLD.value, 'null') END;
  "is" jsonb := CASE WHEN TG_OP <> 'DELETE' THEN nullif(NEW.value, 'null') END;
  each record;
BEGIN
  IF setting IN ('healing', 'budget') THEN
    FOR each IN
      SELECT coalesce(o.key, n.key) AS name, nullif(o.value, 'null') AS was, nullif(n.value, 'null') AS "is"
      FROM jsonb_each(CASE jsonb_typeof(was) WHEN 'object' THEN was ELSE '{}' END) o
      FULL JOIN jsonb_each(CASE jsonb_typeof("is") WHEN 'object' THEN "is" ELSE '{}' END) n ON n.key = o.key
      WHERE nullif(o.value, 'null') IS DISTINCT FROM nullif(n.value, 'null') ORDER BY 1 LOOP
      PERFORM engine.write_value_change('limit', each.name, each.was, each."is");
    END LOOP;
  ELSIF setting = 'notifications' THEN
    PERFORM engine.write_value_change('notifications', setting, was, "is");
  ELSE
    PERFORM engine.write_value_change('setting', setting, was, "is");
  END IF;
  RETURN NULL;
END
$$;

-- A definition that is one value.
CREATE FUNCTION engine.write_value_change(p_kind text, p_name text, p_before jsonb, p_after jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_before IS NOT DISTINCT FROM p_after THEN
    RETURN;
  END IF;
  PERFORM engine.write_definition_change(p_kind, p_name, p_name,
    CASE WHEN p_before IS NOT NULL THEN jsonb_build_object('value', p_before) END,
    CASE WHEN p_before IS NOT NULL AND p_after IS NOT NULL THEN jsonb_build_object('value', p_after) END,
    CASE WHEN p_before IS NULL THEN 'added' WHEN p_after IS NULL THEN 'deleted' ELSE 'changed' END);
END
$$;

CREATE TRIGGER setting_added AFTER INSERT ON engine.settings FOR EACH ROW
  WHEN (engine.is_definition(NEW.key)) EXECUTE FUNCTION engine.setting_changed();
CREATE TRIGGER setting_changed AFTER UPDATE OF value ON engine.settings FOR EACH ROW
  WHEN (NEW.value IS DISTINCT FROM OLD.value AND engine.is_definition(NEW.key)) EXECUTE FUNCTION engine.setting_changed();
CREATE TRIGGER setting_deleted AFTER DELETE ON engine.settings FOR EACH ROW
  WHEN (engine.is_definition(OLD.key)) EXECUTE FUNCTION engine.setting_changed();

-- A policy is never changed: a new row is the next version of it. Its number is that of the row.
CREATE FUNCTION engine.policy_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  was jsonb;
BEGIN
  -- The rows are counted by a sequence, and no row is locked: without this, two sessions would each take the other one's policy for absent.
  PERFORM pg_advisory_xact_lock(hashtextextended('engine.policy_added', 0));
  was := (SELECT p.policy FROM engine.policies p WHERE p.version < NEW.version ORDER BY p.version DESC LIMIT 1);
  INSERT INTO engine.definition_changes (kind, definition, version, name, event, before, after, actor, source, place, why, database_role)
  SELECT 'policy', 'policy', NEW.version, 'policy', CASE WHEN was IS NULL THEN 'added' ELSE 'changed' END,
         CASE WHEN was IS NOT NULL THEN jsonb_build_object('policy', was) END,
         CASE WHEN was IS NOT NULL THEN jsonb_build_object('policy', NEW.policy) END,
         coalesce(nullif(NEW.set_by, ''), c.actor), c.source, c.place, c.why, c.database_role
  FROM engine.change_context() c;
  RETURN NULL;
END
$$;
CREATE TRIGGER policy_added AFTER INSERT ON engine.policies FOR EACH ROW EXECUTE FUNCTION engine.policy_added();

-- Versions of the policy from before there was a history: who set them, and when, stands in their rows; from where is not known.
INSERT INTO engine.definition_changes (kind, definition, version, name, event, before, after, actor, source, place, database_role, changed_at)
SELECT 'policy', 'policy', p.version, 'policy', CASE WHEN p.was IS NULL THEN 'added' ELSE 'changed' END,
       CASE WHEN p.was IS NOT NULL THEN jsonb_build_object('policy', p.was) END,
       CASE WHEN p.was IS NOT NULL THEN jsonb_build_object('policy', p.policy) END,
       p.set_by, 'migration', 'vb_38_definition_changes', session_user, p.set_at
FROM (SELECT *, lag(policy) OVER (ORDER BY version) AS was FROM engine.policies) p ORDER BY p.version;

REVOKE ALL ON FUNCTION engine.without_credentials(jsonb), engine.change_context(),
  engine.write_definition_change(text, text, text, jsonb, jsonb, text), engine.definition_changed(), engine.definitions_added(),
  engine.is_definition(text), engine.setting_changed(), engine.write_value_change(text, text, jsonb, jsonb), engine.policy_added() FROM PUBLIC;
-- The conditions of the triggers are computed with the rights of whoever makes the change.
GRANT EXECUTE ON FUNCTION engine.is_definition(text), engine.change_context() TO service_role;

-- The changes of an entry that Roundsman makes are rows of bot_knowledge_events: they say now from where, too, and which version they made.
ALTER TABLE bot_knowledge_events ADD COLUMN version int CHECK (version > 0), ADD COLUMN source text, ADD COLUMN place text;
SELECT engine.let_checks_read();
