ALTER TABLE bots
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC' CHECK (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]*$'),
  ADD COLUMN config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  -- Infinity, years before Christ and the end of the calendar are no times that a scheduler could count from:
  -- what follows has to be a time that can be written down, too.
  ADD COLUMN next_slot_at timestamptz CHECK
    (next_slot_at BETWEEN '1970-01-01 00:00:00Z' AND '9000-01-01 00:00:00Z'),
  -- Since when the schedule is the one that it is: its first slot is the first one after this, however late a
  -- scheduler comes to plan it. Slots of a pause lie before it.
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
  -- BullMQ's order: 0 goes first, then 1, 2, ...
  ADD COLUMN priority int NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 2097151),
  -- failures in a row before a finding counts, and clean runs in a row before it resolves: fewer than the
  -- results that a finding's memory holds
  ADD COLUMN confirm int NOT NULL DEFAULT 1 CHECK (confirm BETWEEN 1 AND 20),
  ADD COLUMN clear int NOT NULL DEFAULT 1 CHECK (clear BETWEEN 1 AND 20),
  ADD COLUMN status_reason text,
  ADD COLUMN status_changed_at timestamptz,
  ADD COLUMN definition_version int NOT NULL DEFAULT 1,
  -- the definition_version that a scheduler has found fit to run; only those are claimed
  ADD COLUMN checked_version int NOT NULL DEFAULT 0,
  ALTER COLUMN status SET NOT NULL,
  ADD CONSTRAINT bots_status_check CHECK (status IN ('active', 'paused', 'disabled', 'error')),
  ADD CONSTRAINT bots_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]*$'),
  ADD CONSTRAINT bots_next_execution_at_check CHECK (next_execution_at >= next_slot_at);

-- The shape of a schedule, which is all of it that SQL can judge; a scheduler reads the rest. NOT VALID and
-- lenient with `error`: a row that an adopted table already had must still be able to get there.
ALTER TABLE bots ADD CONSTRAINT bots_schedule_cron_check CHECK
  (status = 'error' OR schedule_cron ~
    '^ *(CRON_TZ=[A-Za-z][A-Za-z0-9_+/-]* +)?(@[A-Za-z]+|[A-Za-z0-9*/,#-]+( +[A-Za-z0-9*/,#-]+){4}) *$') NOT VALID;

CREATE INDEX idx_bots_due ON bots (next_execution_at)
  WHERE status = 'active' AND checked_version = definition_version;
CREATE INDEX idx_bots_unplanned ON bots (id)
  WHERE status = 'active'
    AND (checked_version <> definition_version OR next_slot_at IS NULL OR next_execution_at IS NULL);

-- An edit of the definition, whoever makes it: it gets a new version, which a scheduler looks at
-- before the next claim; it leads out of `error`; a slot that has not come yet is planned anew.
-- A slot that is due already stays: it came due while the old definition was in force. Those after it are the
-- new one's, and count from the edit.
-- What is emptied here is what a scheduler plans at its next tick: both columns, or the jitter alone.
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

-- Whoever empties a slot by hand wants the next one, not all that has come since the last edit.
CREATE FUNCTION engine.slot_emptied() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.planned_from = engine.now();
  RETURN NEW;
END
$$;

CREATE TRIGGER slot_emptied BEFORE UPDATE OF next_slot_at ON bots
  FOR EACH ROW WHEN (OLD.next_slot_at IS NOT NULL AND NEW.next_slot_at IS NULL)
  EXECUTE FUNCTION engine.slot_emptied();

-- Fires for the definition, not for the counters that every run moves. A platform that applied the documented pattern by
-- hand has one of that name already.
DROP TRIGGER IF EXISTS update_bots_updated_at ON bots;
CREATE TRIGGER update_bots_updated_at
  BEFORE UPDATE OF name, display_name, description, schedule_cron, api_endpoint, status, timezone, config,
    catch_up, catch_up_limit, grace_seconds, overlap, concurrency, jitter_seconds, timeout_seconds,
    max_attempts, priority, confirm, clear ON bots
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();
