ALTER TABLE bots
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC' CHECK (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]*$'),
  ADD COLUMN config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  -- Without infinity, years before Christ and the last years that PostgreSQL knows: the scheduler computes the next slot
  -- from this time, and must be able to write that slot, too.
  ADD COLUMN next_slot_at timestamptz CHECK
    (next_slot_at BETWEEN '1970-01-01 00:00:00Z' AND '9000-01-01 00:00:00Z'),
  -- The schedule counts from this time: its first slot is the first one after it, even if a scheduler plans it late. An
  -- edit, and the end of a pause, set it, so that slots of before are not owed.
  ADD COLUMN planned_from timestamptz NOT NULL DEFAULT engine.now() CHECK
    (planned_from BETWEEN '1970-01-01 00:00:00Z' AND '9000-01-01 00:00:00Z'),
  ADD COLUMN catch_up text NOT NULL DEFAULT 'last' CHECK (catch_up IN ('skip', 'last', 'all')),
  ADD COLUMN catch_up_limit int NOT NULL DEFAULT 10 CHECK (catch_up_limit BETWEEN 1 AND 100),
  ADD COLUMN grace_seconds int NOT NULL DEFAULT 3600 CHECK (grace_seconds BETWEEN 0 AND 31536000),
  ADD COLUMN overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue')),
  ADD COLUMN concurrency int NOT NULL DEFAULT 1 CHECK (concurrency BETWEEN 1 AND 1000),
  ADD COLUMN jitter_seconds int NOT NULL DEFAULT 0 CHECK (jitter_seconds BETWEEN 0 AND 86400),
  ADD COLUMN timeout_seconds int NOT NULL DEFAULT 60 CHECK (timeout_seconds BETWEEN 1 AND 86400),
  ADD COLUMN max_attempts int NOT NULL DEFAULT 3 CHECK (max_attempts BETWEEN 1 AND 100),
  -- as in BullMQ: 0 goes first, then 1, 2, ...
  ADD COLUMN priority int NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 2097151),
  -- confirm: how many failures in a row open a finding; clear: how many clean runs in a row resolve it. Both are below
  -- the number of results that bot_finding_states keeps.
  ADD COLUMN confirm int NOT NULL DEFAULT 1 CHECK (confirm BETWEEN 1 AND 20),
  ADD COLUMN clear int NOT NULL DEFAULT 1 CHECK (clear BETWEEN 1 AND 20),
  ADD COLUMN status_reason text,
  ADD COLUMN status_changed_at timestamptz,
  ADD COLUMN definition_version int NOT NULL DEFAULT 1,
  -- the definition_version that a scheduler has checked and found usable; only a bot where both are equal is claimed
  ADD COLUMN checked_version int NOT NULL DEFAULT 0,
  ALTER COLUMN status SET NOT NULL,
  ADD CONSTRAINT bots_status_check CHECK (status IN ('active', 'paused', 'disabled', 'error')),
  ADD CONSTRAINT bots_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]*$'),
  ADD CONSTRAINT bots_next_execution_at_check CHECK (next_execution_at >= next_slot_at);

-- SQL can only check the rough form of a schedule; the scheduler parses it. NOT VALID, and any text is allowed with
-- status `error`, because an adopted row with an unusable schedule must be able to get this status.
ALTER TABLE bots ADD CONSTRAINT bots_schedule_cron_check CHECK
  (status = 'error' OR schedule_cron ~
    '^ *(CRON_TZ=[A-Za-z][A-Za-z0-9_+/-]* +)?(@[A-Za-z]+|[A-Za-z0-9*/,#-]+( +[A-Za-z0-9*/,#-]+){4}) *$') NOT VALID;

CREATE INDEX idx_bots_due ON bots (next_execution_at)
  WHERE status = 'active' AND checked_version = definition_version;
CREATE INDEX idx_bots_unplanned ON bots (id)
  WHERE status = 'active'
    AND (checked_version <> definition_version OR next_slot_at IS NULL OR next_execution_at IS NULL);

-- On each edit of the definition, whatever makes it: the bot gets a new definition_version, which a scheduler checks
-- before it claims the bot again; a bot in status `error` becomes active; a slot in the future is planned again.
-- A slot that is already due stays, because it came due under the old definition. The slots after it follow the new one,
-- counted from the edit.
-- To have a slot planned again, the trigger sets next_slot_at and next_execution_at to NULL, or next_execution_at alone
-- if only the jitter is to be computed again. The scheduler fills them in at its next tick.
CREATE FUNCTION engine.bot_edited() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.schedule_cron, NEW.timezone, NEW.api_endpoint, NEW.config)
     IS DISTINCT FROM (OLD.schedule_cron, OLD.timezone, OLD.api_endpoint, OLD.config) THEN
    NEW.definition_version = OLD.definition_version + 1;
    IF OLD.status = 'error' AND NEW.status = 'error' THEN
      NEW.status = 'active';
    END IF;
    IF (NEW.schedule_cron, NEW.timezone) IS DISTINCT FROM (OLD.schedule_cron, OLD.timezone) THEN
      NEW.planned_from = engine.now();
      IF OLD.next_slot_at > engine.now() THEN
        NEW.next_slot_at = NULL;
        NEW.next_execution_at = NULL;
      END IF;
    END IF;
  END IF;
  IF NEW.jitter_seconds IS DISTINCT FROM OLD.jitter_seconds AND OLD.next_execution_at > engine.now() THEN
    NEW.next_execution_at = NULL;
  END IF;
  IF NEW.status IS DISTINCT FROM OLD.status THEN
    NEW.status_changed_at = engine.now();
    -- A reason belongs to the status that it was given for.
    IF NEW.status_reason IS NOT DISTINCT FROM OLD.status_reason THEN
      NEW.status_reason = NULL;
    END IF;
    -- A slot that is due and not claimed came due while the bot was active: it gets its row, as missed.
    -- Slots are a minute apart or more, so within a minute it is one; later only a scheduler could count.
    IF OLD.status = 'active' AND NEW.status <> 'active' AND OLD.next_execution_at <= engine.now()
       AND OLD.next_slot_at IS NOT NULL THEN
      INSERT INTO public.bot_executions (bot_id, status, started_at, completed_at, scheduled_for, trigger,
                                         max_attempts, queued_at, reason, metadata)
      VALUES (OLD.id, 'skipped', engine.now(), engine.now(), OLD.next_slot_at, 'schedule',
              OLD.max_attempts, engine.now(), 'missed',
              CASE WHEN OLD.next_slot_at > engine.now() - interval '1 minute'
                THEN jsonb_build_object('count', 1, 'last', OLD.next_slot_at)
                ELSE jsonb_build_object('until', engine.now()) END)
      ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING;
    END IF;
    -- A bot that is not active has no next run, and slots that pass meanwhile are not owed.
    NEW.next_slot_at = NULL;
    NEW.next_execution_at = NULL;
    NEW.planned_from = engine.now();
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER bot_edited
  BEFORE UPDATE OF schedule_cron, timezone, api_endpoint, config, jitter_seconds, status ON bots
  FOR EACH ROW EXECUTE FUNCTION engine.bot_edited();

-- A person who sets the slot to NULL wants the next slot from now on, and not all slots since the last edit.
CREATE FUNCTION engine.slot_emptied() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.planned_from = engine.now();
  RETURN NEW;
END
$$;

CREATE TRIGGER slot_emptied BEFORE UPDATE OF next_slot_at ON bots
  FOR EACH ROW WHEN (OLD.next_slot_at IS NOT NULL AND NEW.next_slot_at IS NULL)
  EXECUTE FUNCTION engine.slot_emptied();

-- It fires for changes of the definition, and not for the counters that each run changes. A platform that applied the
-- documented pattern by hand already has a trigger of this name.
DROP TRIGGER IF EXISTS update_bots_updated_at ON bots;
CREATE TRIGGER update_bots_updated_at
  BEFORE UPDATE OF name, display_name, description, schedule_cron, api_endpoint, status, timezone, config,
    catch_up, catch_up_limit, grace_seconds, overlap, concurrency, jitter_seconds, timeout_seconds,
    max_attempts, priority, confirm, clear ON bots
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();
