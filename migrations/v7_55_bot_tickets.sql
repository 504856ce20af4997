-- Returns within what time a person should respond to a finding of this severity, from the setting `escalation`; NULL if
-- it is not set or not a number. A wrong setting must not keep runs from ending.
CREATE FUNCTION engine.respond_within(p_severity text) RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT make_interval(secs => CASE jsonb_typeof(m.minutes) WHEN 'number' THEN
           -- A jsonb number may be larger than any float.
           CASE WHEN m.minutes::numeric >= 0 THEN least(m.minutes::numeric, 525600)::float8 * 60 END END)
  FROM engine.settings e, LATERAL (SELECT e.value -> 'respond_within_minutes' -> p_severity AS minutes) m
  WHERE e.key = 'escalation'
$$;
REVOKE ALL ON FUNCTION engine.respond_within(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.respond_within(text) TO service_role;
