-- The ledger stays correct whatever writes it: a plain INSERT and engine.book_credits fire the same triggers.
--
-- The triggers check the result and not who writes. Anything that would identify the writer (a setting, the depth of a
-- trigger) can be imitated by each role that may run SQL. Two can still write past the triggers, because they may switch
-- them off: the owner of a table with ALTER TABLE, and a superuser with session_replication_role.

-- seq is the order of the ledger. created_at cannot be: it is the start of the transaction, and transactions overlap. An
-- identity column cannot be either: it takes its value before the row of the profile is locked, so that seq would not
-- follow the balances. The sequence is not in public, because a role that may call setval() could reverse the order.
CREATE SEQUENCE engine.credits_seq AS bigint;
REVOKE ALL ON SEQUENCE engine.credits_seq FROM PUBLIC, anon, authenticated;
GRANT USAGE ON SEQUENCE engine.credits_seq TO service_role;

ALTER TABLE credits ADD COLUMN seq bigint, ADD COLUMN idempotency_key text;
-- Gives a seq to the bookings that were there before the engine. Several may have the same created_at, and it may be in
-- the wrong order, so it is used only where the balances agree with it; otherwise a booking follows the one whose
-- balance it starts from. Adoption has checked that such an order exists. No column of the documented schema is changed,
-- and no trigger of the platform fires, because a change of the type of a column is not an UPDATE.

-- Each booking leads from one balance (p_before) to another (p_after). Returns an order in which all of them follow each
-- other, each once, starting at p_from: their positions in the arrays, or NULL if there is no such order. This is the
-- algorithm of Hierholzer, "Ueber die Moeglichkeit, einen Linienzug ohne Wiederholung und ohne Unterbrechung zu
-- umfahren" (1873).
CREATE FUNCTION engine.chain(p_from bigint, p_before bigint[], p_after bigint[]) RETURNS int[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_left bigint[] := p_before;
  v_path int[] := '{0}';
  v_chain int[] := '{}';
  v_top int;
  v_next int;
BEGIN
  LOOP
    v_top := v_path[cardinality(v_path)];
    v_next := array_position(v_left, CASE v_top WHEN 0 THEN p_from ELSE p_after[v_top] END);
    IF v_next IS NOT NULL THEN
      v_left[v_next] := NULL;
      v_path := v_path || v_next;
    ELSE
      EXIT WHEN v_top = 0;
      v_chain := v_top || v_chain;
      v_path := trim_array(v_path, 1);
    END IF;
  END LOOP;
  IF cardinality(v_chain) < cardinality(p_before) THEN RETURN NULL; END IF;
  FOR i IN 1 .. cardinality(v_chain) LOOP
    IF p_before[v_chain[i]] <> (CASE i WHEN 1 THEN p_from ELSE p_after[v_chain[i - 1]] END) THEN RETURN NULL; END IF;
  END LOOP;
  RETURN v_chain;
END
$$;

ALTER TABLE credits NO FORCE ROW LEVEL SECURITY;
CREATE TABLE engine.old_credits AS
  SELECT id, user_id, balance_after::bigint - amount AS before, balance_after::bigint AS after, created_at,
         row_number() OVER (ORDER BY created_at NULLS FIRST, id) AS seq
  FROM credits;
ALTER TABLE engine.old_credits ADD PRIMARY KEY (id);
CREATE INDEX ON engine.old_credits (user_id);
ANALYZE engine.old_credits;

-- The bookings of a user keep the same set of seq; only which booking has which seq changes.
DO $$
DECLARE
  v_user uuid;
  v_at record;
  v_chain int[];
  v_ids uuid[];
  v_balance bigint;
BEGIN
  FOR v_user IN
    SELECT DISTINCT user_id FROM (
      SELECT user_id, before <> lag(after, 1, 0::bigint) OVER (PARTITION BY user_id ORDER BY seq) AS broken
      FROM engine.old_credits WHERE user_id IS NOT NULL) o
    WHERE broken
  LOOP
    v_ids := '{}';
    v_balance := 0;
    -- First within each instant alone, then, if time is wrong somewhere, all of them.
    FOR v_at IN
      SELECT array_agg(id ORDER BY seq) AS ids, array_agg(before ORDER BY seq) AS before, array_agg(after ORDER BY seq) AS after
      FROM engine.old_credits WHERE user_id = v_user GROUP BY created_at ORDER BY created_at NULLS FIRST
    LOOP
      v_chain := engine.chain(v_balance, v_at.before, v_at.after);
      EXIT WHEN v_chain IS NULL;
      v_balance := v_at.after[v_chain[cardinality(v_chain)]];
      v_ids := v_ids || ARRAY(SELECT v_at.ids[i] FROM unnest(v_chain) WITH ORDINALITY c (i, n) ORDER BY n);
    END LOOP;
    IF v_chain IS NULL THEN
      SELECT array_agg(id ORDER BY seq) AS ids, array_agg(before ORDER BY seq) AS before, array_agg(after ORDER BY seq) AS after
      INTO v_at FROM engine.old_credits WHERE user_id = v_user;
      v_chain := engine.chain(0, v_at.before, v_at.after);
      IF v_chain IS NULL THEN
        RAISE EXCEPTION 'credits.balance_after of user % is in no order the balance before plus the amount', v_user
          USING HINT = 'adoption compares them and lists such users; they were booked to meanwhile';
      END IF;
      v_ids := ARRAY(SELECT v_at.ids[i] FROM unnest(v_chain) WITH ORDINALITY c (i, n) ORDER BY n);
    END IF;
    UPDATE engine.old_credits o SET seq = places.seq
    FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM engine.old_credits WHERE user_id = v_user) places
    JOIN unnest(v_ids) WITH ORDINALITY i (id, n) USING (n)
    WHERE o.id = i.id AND o.seq <> places.seq;
  END LOOP;
END
$$;

CREATE FUNCTION engine.old_seq(p_id uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC SELECT seq FROM engine.old_credits WHERE id = p_id; END;
ALTER TABLE credits ALTER COLUMN seq TYPE bigint USING engine.old_seq(id);
DROP FUNCTION engine.old_seq(uuid), engine.chain(bigint, bigint[], bigint[]);
DROP TABLE engine.old_credits;
SELECT setval('engine.credits_seq', max(seq)) FROM credits HAVING count(*) > 0;

-- NOT VALID: an old platform may have had balances below zero, and its bookings are not changed. A balance that is below
-- zero now may still rise.
ALTER TABLE credits
  ALTER COLUMN seq SET DEFAULT nextval('engine.credits_seq'),
  ALTER COLUMN seq SET NOT NULL,
  ADD CONSTRAINT credits_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key),
  ADD CONSTRAINT credits_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 200),
  ADD CONSTRAINT credits_balance_after_check CHECK (balance_after >= 0 OR amount > 0) NOT VALID,
  ADD CONSTRAINT credits_amount_check CHECK
    (CASE type WHEN 'usage' THEN amount <= 0 WHEN 'refund' THEN true ELSE amount >= 0 END) NOT VALID;
CREATE UNIQUE INDEX idx_credits_user_seq ON credits (user_id, seq DESC);

-- Sets profiles.credits to the last balance of the ledger. Returns this balance, or NULL if there is no such user.
-- Nothing else writes the column. It takes two statements because the second one must see what was committed before the
-- row was locked.
-- service_role may execute it.
CREATE FUNCTION engine.refresh_cached_credits(p_user uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_balance integer;
BEGIN
  PERFORM FROM public.profiles WHERE id = p_user FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT balance_after INTO v_balance FROM public.credits WHERE user_id = p_user ORDER BY seq DESC LIMIT 1;
  v_balance := coalesce(v_balance, 0);
  UPDATE public.profiles SET credits = v_balance WHERE id = p_user AND credits IS DISTINCT FROM v_balance;
  RETURN v_balance;
END
$$;

-- Runs before a row is inserted: sets its seq and its balance while the row of the profile is locked. It does not write
-- profiles.credits yet, because ON CONFLICT DO NOTHING may still discard the row.
CREATE FUNCTION engine.place_credits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_last bigint;
BEGIN
  PERFORM FROM public.profiles WHERE id = NEW.user_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING MESSAGE = 'credits.user_id is no user',
      TABLE = 'credits', COLUMN = 'user_id', CONSTRAINT = 'credits_user_id_fkey';
  END IF;
  SELECT balance_after INTO v_last FROM public.credits WHERE user_id = NEW.user_id ORDER BY seq DESC LIMIT 1;
  v_last := coalesce(v_last, 0);
  IF NEW.balance_after <> v_last + NEW.amount THEN
    RAISE check_violation USING
      MESSAGE = format('credits.balance_after is not the last balance %s plus the amount %s', v_last, NEW.amount),
      HINT = 'leave balance_after out: it is computed',
      TABLE = 'credits', COLUMN = 'balance_after', CONSTRAINT = 'credits_balance_chain';
  END IF;
  IF v_last + NEW.amount < 0 AND NEW.amount <= 0 THEN
    RAISE check_violation USING
      MESSAGE = format('the balance is %s, credits.amount %s would lead below zero', v_last, NEW.amount),
      TABLE = 'credits', COLUMN = 'amount', CONSTRAINT = 'credits_balance_after_check';
  END IF;
  NEW.balance_after := v_last + NEW.amount;
  NEW.seq := nextval('engine.credits_seq');
  RETURN NEW;
END
$$;
CREATE TRIGGER credits_placed BEFORE INSERT ON credits
  FOR EACH ROW EXECUTE FUNCTION engine.place_credits();

CREATE FUNCTION engine.follow_credits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM engine.refresh_cached_credits(NEW.user_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER credits_followed AFTER INSERT ON credits
  FOR EACH ROW EXECUTE FUNCTION engine.follow_credits();

-- Refuses every value of profiles.credits other than the last balance of the ledger. It runs AFTER the update, when
-- nothing can change the row any more and the row is locked.
CREATE FUNCTION engine.guard_cached_credits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_balance integer;
BEGIN
  SELECT balance_after INTO v_balance FROM public.credits WHERE user_id = NEW.id ORDER BY seq DESC LIMIT 1;
  IF NEW.credits IS DISTINCT FROM coalesce(v_balance, 0) THEN
    RAISE check_violation USING
      MESSAGE = format('profiles.credits follows the ledger, which says %s', coalesce(v_balance, 0)),
      HINT = 'book the difference with engine.book_credits',
      TABLE = 'profiles', COLUMN = 'credits', CONSTRAINT = 'profiles_credits_follow_ledger';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER profiles_credits_added AFTER INSERT ON profiles FOR EACH ROW
  WHEN (NEW.credits IS DISTINCT FROM 0) EXECUTE FUNCTION engine.guard_cached_credits();
CREATE TRIGGER profiles_credits_changed AFTER UPDATE ON profiles FOR EACH ROW
  WHEN (NEW.credits IS DISTINCT FROM OLD.credits) EXECUTE FUNCTION engine.guard_cached_credits();

-- Bookings are never changed or deleted, not even by the owner of the table. A booking is deleted only together with its
-- user: the profile is already gone when the cascade deletes the bookings. SECURITY DEFINER, because to a role from
-- which RLS hides the profile it would seem to be gone.
CREATE FUNCTION engine.refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.profiles WHERE id = OLD.user_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE restrict_violation USING
    MESSAGE = format('%s keeps its rows: %s is refused', TG_TABLE_NAME, TG_OP),
    HINT = 'correct it with a new row that says why',
    TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$;
CREATE TRIGGER credits_append_only BEFORE UPDATE OR DELETE ON credits
  FOR EACH ROW EXECUTE FUNCTION engine.refuse_change();
CREATE TRIGGER credits_not_truncated BEFORE TRUNCATE ON credits
  FOR EACH STATEMENT EXECUTE FUNCTION engine.refuse_change();

-- Books once for each key. If the key was used before with the same amount and type, it returns that first row; with
-- another amount or type it raises an error. Amounts are whole credits: positive for purchase and bonus, negative for
-- usage, either for refund.
-- service_role may execute it.
CREATE FUNCTION engine.book_credits(p_user uuid, p_amount integer, p_type text, p_description text DEFAULT NULL,
                                    p_idempotency_key text DEFAULT NULL, p_metadata jsonb DEFAULT NULL)
RETURNS public.credits LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_booked public.credits;
BEGIN
  IF p_idempotency_key IS NOT NULL THEN
    PERFORM FROM public.profiles WHERE id = p_user FOR NO KEY UPDATE;
    SELECT * INTO v_booked FROM public.credits
    WHERE user_id = p_user AND idempotency_key = p_idempotency_key;
    IF FOUND AND (v_booked.amount, v_booked.type) = (p_amount, p_type) THEN RETURN v_booked; END IF;
    IF FOUND THEN
      RAISE unique_violation USING
        MESSAGE = format('this key has booked %s %s already, it cannot book %s %s',
                         v_booked.type, v_booked.amount, p_type, p_amount),
        HINT = 'take a new key for a new booking',
        TABLE = 'credits', COLUMN = 'idempotency_key', CONSTRAINT = 'credits_user_id_idempotency_key_key';
    END IF;
  END IF;
  INSERT INTO public.credits (user_id, amount, type, description, idempotency_key, metadata)
  VALUES (p_user, p_amount, p_type, p_description, p_idempotency_key, p_metadata)
  RETURNING * INTO v_booked;
  RETURN v_booked;
END
$$;

REVOKE EXECUTE ON FUNCTION engine.place_credits(), engine.follow_credits(), engine.guard_cached_credits(),
  engine.refuse_change(), engine.refresh_cached_credits(uuid),
  engine.book_credits(uuid, integer, text, text, text, jsonb) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION engine.refresh_cached_credits(uuid),
  engine.book_credits(uuid, integer, text, text, text, jsonb) TO service_role;
