-- The schema of the engine. Only its owner and service_role may use it.
CREATE SCHEMA IF NOT EXISTS engine;
GRANT USAGE ON SCHEMA engine TO service_role;

-- The one clock of the engine. The clock of a host may be an hour wrong, and a bare clock_timestamp() in a WHERE is
-- volatile, so the planner could not use it as the condition of an index. A simulation replaces this function in its own
-- database.
-- Because it sets search_path, it is not inlined: as the condition of an index it is called once, as a filter once for
-- each row (measured: 0.6 us). It is PL/pgSQL because an SQL function that is not inlined takes twice as long.
CREATE FUNCTION engine.now() RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN statement_timestamp();
END
$$;

-- Each start of a run takes the next fence. A run may only write while it has the fence of its latest start.
CREATE SEQUENCE engine.fence AS bigint;

CREATE TABLE engine.settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text
);
-- mode: off (no heals), safe (only safe remedies act without a person), auto.
-- budget: each heal locks this row, so that several workers cannot exceed the budget together.
-- healing: the limits of each heal.
INSERT INTO engine.settings (key, value) VALUES
  ('mode', '"safe"'),
  ('budget', '{"heals_per_hour": 60}'),
  ('healing', '{"cooldown_minutes": 5, "heals_per_entry": 3, "breaker_failures": 3, "breaker_minutes": 60,
                "storm_components": 5, "storm_share": 0.5, "hold_minutes": 60}');

-- Returns one of these limits. NULL if it was removed, is not a number, or is negative: the gate that uses it stays
-- closed.
CREATE FUNCTION engine.healing_limit(p_name text) RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(value -> p_name) = 'number' AND (value -> p_name)::numeric BETWEEN 0 AND 1000000
    THEN (value -> p_name)::float8 END
  FROM engine.settings WHERE key = 'healing'
$$;

-- How long a problem must stay cured before the cure counts as held; an hour if the setting is missing or unusable.
CREATE FUNCTION engine.hold_window() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT make_interval(mins => coalesce(engine.healing_limit('hold_minutes'), 60)::int)
$$;

CREATE TABLE engine.nodes (
  id text PRIMARY KEY,
  role text NOT NULL,
  host text NOT NULL,
  pid int NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  skew_ms int
);
-- escalation: who gets a ticket first, and within what time a person should respond. A ticket whose severity is not
-- named here is given to no person and has no target.
INSERT INTO engine.settings (key, value) VALUES
  ('escalation', '{"assignees": {"critical": "owner", "high": "javari", "medium": "admin"},
                   "respond_within_minutes": {"critical": 15, "high": 30, "medium": 120}}');
