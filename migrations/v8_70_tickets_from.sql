-- Returns the lowest severity at which a finding without an applicable entry gets a ticket, from the setting
-- `escalation`; medium if it is not set or not a severity. A wrong setting must not keep runs from ending, and critical
-- and high findings get a ticket whatever it says.
CREATE FUNCTION engine.tickets_from() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT coalesce((SELECT e.value ->> 'tickets_from' FROM engine.settings e WHERE e.key = 'escalation'
                     AND e.value ->> 'tickets_from' IN ('high', 'medium', 'low', 'info')), 'medium')
$$;
REVOKE ALL ON FUNCTION engine.tickets_from() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.tickets_from() TO service_role;

-- A value that is already set is kept.
UPDATE engine.settings SET value = '{"tickets_from": "medium"}'::jsonb || value
WHERE key = 'escalation' AND jsonb_typeof(value) = 'object';

-- From now on a storm has a ticket of its own. Before, the ticket of its worst finding also stood for the storm; it is
-- now only the ticket of that finding, and the next run of the bot opens one for the storm.
UPDATE public.bot_tickets SET metadata = metadata - 'storm'
WHERE status IN ('open', 'assigned') AND jsonb_typeof(metadata) = 'object' AND metadata ? 'storm'
  -- The metadata of adopted tickets belong to the platform.
  AND fingerprint NOT LIKE 'adopted-%';
