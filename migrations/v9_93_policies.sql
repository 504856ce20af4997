-- The policy says when a ticket is given to whom, and when a person is reminded of it. All its versions stay, because a
-- ticket keeps the one with which it was opened. Tickets that are opened now use the newest one. Its form:
-- docs/escalation.md.
CREATE TABLE engine.policies (
  version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  policy jsonb NOT NULL CHECK (jsonb_typeof(policy) = 'object'),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT engine.now()
);
REVOKE ALL ON engine.policies FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT ON engine.policies TO service_role;
SELECT engine.let_checks_read();

-- The first version: javari cannot act yet, so its tickets go to the admin after 30 minutes and to the owner an hour
-- later.
INSERT INTO engine.policies (policy, set_by) VALUES
  ('{"rules": [{"name": "javari has no way to act", "when": {"assignees": ["javari"]},
                "steps": [{"after": "30m", "to": "admin"}, {"after": "1h", "to": "owner"}]}]}', 'roundsman');

-- The version in force; NULL if there is none.
CREATE FUNCTION engine.current_policy() RETURNS int
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT max(version) FROM engine.policies
$$;
REVOKE ALL ON FUNCTION engine.current_policy() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.current_policy() TO service_role;
