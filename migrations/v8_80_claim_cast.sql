-- engine.claim begins a variable of type interval with a text, which PL/pgSQL casts unsaid and the linter of functions
-- (plpgsql_check) warns of. The function stays as it is but for that one value, whichever migration wrote it last.
DO $$
BEGIN
  EXECUTE replace(pg_get_functiondef('engine.claim(timestamptz, int, jsonb)'::regprocedure),
                  $text$ interval := '60 seconds';$text$, $text$ interval := interval '60 seconds';$text$);
END
$$;
