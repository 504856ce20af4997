-- The row of a removed bot or entry stays, because its history needs it. At start, bots and entries of the catalogue are
-- looked up by catalogue_name, so that those that were removed or renamed are not inserted again. A removed row keeps
-- its name until another row takes it.
ALTER TABLE bots
  ADD COLUMN removed_at timestamptz,
  -- the name under which the catalogue registered it; NULL if a person added it
  ADD COLUMN catalogue_name text,
  ADD CONSTRAINT bots_removed_check CHECK (removed_at IS NULL OR status = 'disabled');
ALTER TABLE bot_knowledge
  ADD COLUMN removed_at timestamptz,
  ADD COLUMN catalogue_name text,
  ADD CONSTRAINT bot_knowledge_removed_check CHECK (removed_at IS NULL OR NOT enabled);

-- Existing rows get a catalogue_name if they come from the catalogue: a bot if its endpoint names the catalogue's bot of
-- the same name, an entry if no person added it.
-- (This is not an UPDATE, because the platform's own triggers would fire.)
ALTER TABLE bots ALTER COLUMN catalogue_name TYPE text
  USING CASE WHEN api_endpoint IN ('/api/bots/' || name, 'bot:' || name) THEN name END;
CREATE FUNCTION engine.was_added(p_knowledge uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.bot_knowledge_events e WHERE e.knowledge_id = p_knowledge AND e.event = 'added')
$$;
ALTER TABLE bot_knowledge ALTER COLUMN catalogue_name TYPE text
  USING CASE WHEN name <> 'adopted-' || id AND NOT engine.was_added(id) THEN name END;
DROP FUNCTION engine.was_added(uuid);

CREATE UNIQUE INDEX idx_bots_catalogue_name ON bots (catalogue_name) WHERE catalogue_name IS NOT NULL;
CREATE UNIQUE INDEX idx_knowledge_catalogue_name ON bot_knowledge (catalogue_name) WHERE catalogue_name IS NOT NULL;
CREATE INDEX idx_bots_removed ON bots (id) WHERE removed_at IS NOT NULL;

-- A row that is enabled again, by whichever version of Roundsman, is not removed any more.
CREATE FUNCTION engine.enabled_again() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.removed_at = NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER enabled_again BEFORE UPDATE OF status ON bots
  FOR EACH ROW WHEN (OLD.removed_at IS NOT NULL AND NEW.status <> 'disabled') EXECUTE FUNCTION engine.enabled_again();
CREATE TRIGGER enabled_again BEFORE UPDATE OF enabled ON bot_knowledge
  FOR EACH ROW WHEN (OLD.removed_at IS NOT NULL AND NEW.enabled) EXECUTE FUNCTION engine.enabled_again();

-- Processes of the previous version register bots and entries by name. When a rename has freed a name, their INSERT would
-- create the renamed row a second time: these triggers skip it. Two kinds of INSERT are never skipped: those of a
-- transaction that sets engine.adds_anew, and those of programs other than Roundsman.
CREATE FUNCTION engine.registered_before() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT current_setting('application_name') ~ '^roundsman' AND coalesce(current_setting('engine.adds_anew', true), '') = ''
$$;

-- For a new bot it fills in catalogue_name.
CREATE FUNCTION engine.bot_added() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.bots b WHERE b.catalogue_name = NEW.name) THEN
    NEW.catalogue_name = NEW.name;
  ELSIF engine.registered_before() THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER bot_added BEFORE INSERT ON bots
  FOR EACH ROW WHEN (NEW.catalogue_name IS NULL AND NEW.api_endpoint IN ('/api/bots/' || NEW.name, 'bot:' || NEW.name))
  EXECUTE FUNCTION engine.bot_added();

CREATE FUNCTION engine.entry_added() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF engine.registered_before() AND EXISTS (SELECT FROM public.bot_knowledge k WHERE k.catalogue_name = NEW.name) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER entry_added BEFORE INSERT ON bot_knowledge
  FOR EACH ROW WHEN (NEW.catalogue_name IS NULL) EXECUTE FUNCTION engine.entry_added();

REVOKE ALL ON FUNCTION engine.enabled_again(), engine.registered_before(), engine.bot_added(), engine.entry_added() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.registered_before() TO service_role;
SELECT engine.let_checks_read();
