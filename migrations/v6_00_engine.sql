-- The engine's own schema. It is not exposed to clients: no role but the owner and service_role enters it.
CREATE SCHEMA IF NOT EXISTS engine;
GRANT USAGE ON SCHEMA engine TO service_role;

-- The only clock. Bare clock_timestamp() in a WHERE is volatile and reads the whole index; a host's
-- clock may be an hour off. Simulations replace this one function in their own database.
-- Its search_path keeps it from being inlined: as an index's condition it is asked once, as a filter once
-- a row (measured: 0.6 us). In PL/pgSQL, because a SQL function that is not inlined costs twice that.
CREATE FUNCTION engine.now() RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN statement_timestamp();
END
$$;

-- Every start of a run takes the next fence; a write of a run needs the fence of its latest start.
CREATE SEQUENCE engine.fence AS bigint;

CREATE TABLE engine.settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text
);
-- mode: off (nothing is healed), safe (only safe remedies act alone), auto.
-- budget: the row that every heal locks, so that many workers cannot overspend together.
-- healing: the limits of every single heal.
INSERT INTO engine.settings (key, value) VALUES
  ('mode', '"safe"'),
  ('budget', '{"heals_per_hour": 60}'),
  ('healing', '{"cooldown_minutes": 5, "heals_per_entry": 3, "breaker_failures": 3, "breaker_minutes": 60,
                "storm_components": 5, "storm_share": 0.5, "hold_minutes": 60}');

-- One of these limits; NULL where it was removed or is no number from 0 on, which closes the gate that asks.
CREATE FUNCTION engine.healing_limit(p_name text) RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(value -> p_name) = 'number' AND (value -> p_name)::numeric BETWEEN 0 AND 1000000
    THEN (value -> p_name)::float8 END
  FROM engine.settings WHERE key = 'healing'
$$;

-- How long a cure has to last before it has held; an hour where nobody can tell.
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
-- escalation: who gets a ticket first, and how soon somebody should answer. A severity that is not named
-- gets nobody and no target.
INSERT INTO engine.settings (key, value) VALUES
  ('escalation', '{"assignees": {"critical": "owner", "high": "javari", "medium": "admin"},
                   "respond_within_minutes": {"critical": 15, "high": 30, "medium": 120}}');
