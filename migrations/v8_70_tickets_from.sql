-- The lowest severity whose findings get a ticket where nothing that is known acts on them, from the setting
-- `escalation`: medium where it is not set, or is a word that is none. No setting may keep runs from ending, and
-- critical and high findings get a ticket whatever it says.
CREATE FUNCTION engine.tickets_from() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT coalesce((SELECT e.value ->> 'tickets_from' FROM engine.settings e WHERE e.key = 'escalation'
                     AND e.value ->> 'tickets_from' IN ('high', 'medium', 'low', 'info')), 'medium')
$$;
REVOKE ALL ON FUNCTION engine.tickets_from() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.tickets_from() TO service_role;

-- A value that is there already stays.
UPDATE engine.settings SET value = '{"tickets_from": "medium"}'::jsonb || value
WHERE key = 'escalation' AND jsonb_typeof(value) = 'object';

-- A storm has a ticket of its own now. Until here the ticket of its worst finding stood for it: that one is the
-- finding's alone again, and the bot's next run opens the storm's.
UPDATE public.bot_tickets SET metadata = metadata - 'storm'
WHERE status IN ('open', 'assigned') AND jsonb_typeof(metadata) = 'object' AND metadata ? 'storm'
  -- What an adopted platform has written there is its own.
  AND fingerprint NOT LIKE 'adopted-%';
