ALTER TABLE bots
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC',
  ADD COLUMN config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  ADD COLUMN next_slot_at timestamptz,
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
  ADD COLUMN status_reason text,
  ADD COLUMN status_changed_at timestamptz,
  ADD COLUMN definition_version int NOT NULL DEFAULT 1,
  -- the definition_version that a scheduler has found fit to run; only those are claimed
  ADD COLUMN checked_version int NOT NULL DEFAULT 0,
  ALTER COLUMN status SET NOT NULL,
  ADD CONSTRAINT bots_status_check CHECK (status IN ('active', 'paused', 'disabled', 'error')),
  ADD CONSTRAINT bots_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]*$'),
  ADD CONSTRAINT bots_schedule_cron_check CHECK (btrim(schedule_cron) <> ''),
  ADD CONSTRAINT bots_next_execution_at_check CHECK (next_execution_at >= next_slot_at);

CREATE INDEX idx_bots_due ON bots (next_execution_at)
  WHERE status = 'active' AND checked_version = definition_version;
CREATE INDEX idx_bots_unplanned ON bots (id)
  WHERE status = 'active'
    AND (checked_version <> definition_version OR next_slot_at IS NULL OR next_execution_at IS NULL);

-- An edit of the definition, whoever makes it: it gets a new version, which a scheduler looks at
-- before the next claim; it leads out of `error`; a slot that has not come yet is planned anew.
-- A slot that is due already stays: it came due while the old definition was in force.
CREATE FUNCTION engine.bot_edited() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF (NEW.schedule_cron, NEW.timezone, NEW.api_endpoint, NEW.config)
     IS DISTINCT FROM (OLD.schedule_cron, OLD.timezone, OLD.api_endpoint, OLD.config) THEN
    NEW.definition_version = OLD.definition_version + 1;
    IF OLD.status = 'error' AND NEW.status = 'error' THEN
      NEW.status = 'active';
      NEW.status_reason = NULL;
    END IF;
    IF (NEW.schedule_cron, NEW.timezone) IS DISTINCT FROM (OLD.schedule_cron, OLD.timezone)
       AND OLD.next_slot_at > engine.now() THEN
      NEW.next_slot_at = NULL;
      NEW.next_execution_at = NULL;
    END IF;
  END IF;
  IF NEW.status IS DISTINCT FROM OLD.status THEN
    NEW.status_changed_at = engine.now();
    -- Slots that passed while a bot was not active are not owed.
    IF NEW.status = 'active' THEN
      NEW.next_slot_at = NULL;
      NEW.next_execution_at = NULL;
    END IF;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER bot_edited
  BEFORE UPDATE OF schedule_cron, timezone, api_endpoint, config, status ON bots
  FOR EACH ROW EXECUTE FUNCTION engine.bot_edited();

-- Fires for the definition, not for the counters that every run moves.
CREATE TRIGGER update_bots_updated_at
  BEFORE UPDATE OF name, display_name, description, schedule_cron, api_endpoint, status, timezone, config,
    catch_up, catch_up_limit, grace_seconds, overlap, concurrency, jitter_seconds, timeout_seconds,
    max_attempts, priority ON bots
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();
