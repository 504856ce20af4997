-- engine.claim sets a variable of type interval to a text, and PL/pgSQL converts it implicitly, of which plpgsql_check
-- warns. This changes only that value, in whichever version of the function is there.
DO $$
BEGIN
  EXECUTE replace(pg_get_functiondef('engine.claim(timestamptz, int, jsonb)'::regprocedure),
                  $text$ interval := '60 seconds';$text$, $text$ interval := interval '60 seconds';$text$);
END
$$;
