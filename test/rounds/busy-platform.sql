-- A healthy and busy platform in simulated time. sim.settle() puts people and what is offered to them in place, sim.live(from, to)
-- adds what happens in a stretch of time: people come by the hour and the weekday, buy, use apps, play, and mistype passwords.
-- Among it is what looks like trouble and is none: a school behind one address, deployments with a few errors, a campaign with
-- three times the visitors, bank debits that stay pending for a day, and people who change their networks.
--
-- The same stretch has the same chances. Triggers are off in sessions that call these functions
-- (session_replication_role = replica): they would stamp rows with the real time.
CREATE SCHEMA sim;
GRANT USAGE ON SCHEMA sim TO PUBLIC;

-- The clock of the engine, which the simulation sets.
CREATE TABLE sim.clock AS SELECT now() AS time;
GRANT SELECT ON sim.clock TO PUBLIC;
CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE RETURN (SELECT time FROM sim.clock);
-- What the ledger's triggers book for a fault that is planted.
ALTER TABLE credits ALTER created_at SET DEFAULT engine.now();

CREATE FUNCTION sim.id(p_kind text, p_n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN md5('sim ' || p_kind || p_n)::uuid;

CREATE FUNCTION sim.is_campaign(p_at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE
  RETURN (extract(epoch FROM p_at)::bigint / 86400) % 10 = 3 AND extract(hour FROM p_at AT TIME ZONE 'UTC') BETWEEN 10 AND 15;

-- Visitors a minute, relative to the mean of all days.
CREATE FUNCTION sim.crowd(p_at timestamptz) RETURNS float8 LANGUAGE sql IMMUTABLE
  RETURN (1 + 0.75 * sin(2 * pi() * (extract(epoch FROM p_at)::bigint % 86400 / 3600.0 - 8) / 24))
    * CASE WHEN extract(isodow FROM p_at AT TIME ZONE 'UTC') > 5 THEN 0.6 ELSE 1.15 END
    * CASE WHEN sim.is_campaign(p_at) THEN 3 ELSE 1 END;

-- So many moments of a stretch as the rate, in a minute of a mean crowd, gives.
CREATE FUNCTION sim.moments(p_from timestamptz, p_to timestamptz, p_rate float8) RETURNS SETOF timestamptz LANGUAGE sql VOLATILE ROWS 50
  BEGIN ATOMIC
    SELECT m + random() * interval '1 minute'
    FROM generate_series(p_from, p_to - interval '1 minute', interval '1 minute') m,
         generate_series(1, floor(p_rate * sim.crowd(m) + random())::int);
  END;

-- Some people come more often than others.
CREATE FUNCTION sim.person() RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(240 * power(random(), 1.5))::int;

-- People 201 to 240 are pupils of one school. Every 17th of the others is on the road and changes networks by the hour.
CREATE FUNCTION sim.address(p_person int, p_at timestamptz) RETURNS inet LANGUAGE sql IMMUTABLE
  RETURN CASE
    WHEN p_person > 200 THEN '198.51.100.7'::inet
    WHEN p_person % 17 = 0 THEN ('192.0.' || 2 + extract(epoch FROM p_at)::bigint / 3600 % 3 || '.' || p_person)::inet
    WHEN p_person % 3 = 0 THEN ('2001:db8:' || to_hex(p_person) || '::' || to_hex(p_person))::inet
    ELSE ('203.0.113.' || p_person)::inet END;

CREATE TABLE sim.balances (person int PRIMARY KEY, balance int NOT NULL);
CREATE TABLE sim.due (transaction_id uuid PRIMARY KEY, person int NOT NULL, at timestamptz NOT NULL, status text NOT NULL);
CREATE SEQUENCE sim.rows;

CREATE PROCEDURE sim.settle(p_at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO auth.users (id, email) SELECT sim.id('person', n), 'person.' || n || '@example.test' FROM generate_series(1, 240) n;
  INSERT INTO profiles (id, email, display_name, role, credits, subscription_tier, subscription_status, created_at, updated_at, last_login_at)
  SELECT sim.id('person', n), 'person.' || n || '@example.test', 'Person ' || n,
         CASE WHEN n = 1 THEN 'owner' WHEN n <= 3 THEN 'admin' ELSE 'user' END, 100000,
         CASE WHEN n % 5 = 0 THEN 'standard' END, CASE WHEN n % 5 = 0 THEN 'active' END, p_at, p_at, p_at
  FROM generate_series(1, 240) n;
  INSERT INTO sim.balances SELECT n, 100000 FROM generate_series(1, 240) n;
  INSERT INTO credits (user_id, amount, type, description, balance_after, created_at, seq)
  SELECT sim.id('person', n), 100000, 'bonus', 'Welcome', 100000, p_at, nextval('engine.credits_seq') FROM generate_series(1, 240) n;
  -- Monthly and yearly ones, of which some end with their period; renewed in sim.live.
  INSERT INTO subscriptions (user_id, provider, provider_subscription_id, tier, status, current_period_start, current_period_end, created_at, updated_at)
  SELECT sim.id('person', n), CASE WHEN n % 2 = 0 THEN 'stripe' ELSE 'paypal' END, 'sub_' || n, 'standard', 'active',
         p_at + n * interval '3 hours' - interval '30 days', p_at + n * interval '3 hours', p_at - interval '90 days', p_at
  FROM generate_series(5, 240, 5) n;
  UPDATE profiles p SET subscription_id = s.id::text FROM subscriptions s WHERE s.user_id = p.id;
  INSERT INTO app_catalog (id, slug, name, category, credit_cost, status, created_at, updated_at)
  SELECT sim.id('app', n), 'app-' || n, 'App ' || n, 'tools', 1 + n % 4, CASE n WHEN 12 THEN 'beta' ELSE 'active' END, p_at, p_at FROM generate_series(1, 12) n;
  INSERT INTO tools_catalog (id, app_id, slug, name, credit_cost, created_at)
  SELECT sim.id('tool', n), sim.id('app', 1 + n % 12), 'tool-' || n, 'Tool ' || n, 1, p_at FROM generate_series(1, 12) n;
  INSERT INTO games_catalog (id, slug, name, category, created_at) SELECT sim.id('game', n), 'game-' || n, 'Game ' || n, 'quiz', p_at FROM generate_series(1, 3) n;
  INSERT INTO avatars (id, user_id, name, appearance, created_at) SELECT sim.id('avatar', n), sim.id('person', n), 'Avatar ' || n, '{}', p_at FROM generate_series(1, 60) n;
  INSERT INTO virtual_spaces (id, name, type, owner_id, created_at) SELECT sim.id('space', n), 'Plaza ' || n, 'plaza', sim.id('person', n), p_at FROM generate_series(1, 3) n;
  INSERT INTO organizations (id, name, owner_id, plan, credits_pool, created_at) SELECT sim.id('guild', n), 'Guild ' || n, sim.id('person', n), 'team', 500, p_at FROM generate_series(1, 3) n;
  INSERT INTO organization_members (organization_id, user_id, role) SELECT sim.id('guild', n), sim.id('person', n), 'owner' FROM generate_series(1, 3) n;
END $$;

-- Books credits, as the ledger's triggers would.
CREATE PROCEDURE sim.book(p_person int, p_amount int, p_type text, p_what text, p_key text, p_about jsonb, p_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  v_balance int;
BEGIN
  UPDATE sim.balances SET balance = balance + p_amount WHERE person = p_person RETURNING balance INTO v_balance;
  INSERT INTO credits (user_id, amount, type, description, balance_after, metadata, created_at, seq, idempotency_key)
  VALUES (sim.id('person', p_person), p_amount, p_type, p_what, v_balance, p_about, p_at, nextval('engine.credits_seq'), p_key);
  UPDATE profiles SET credits = v_balance WHERE id = sim.id('person', p_person);
END $$;

-- What happens from `p_from` on, before `p_to`: whole minutes.
CREATE PROCEDURE sim.live(p_from timestamptz, p_to timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  v record;
  v_id uuid;
BEGIN
  PERFORM setseed((extract(epoch FROM p_from)::bigint / 60 % 99991) / 99991.0);

  -- Requests. For two minutes after a deployment one in twenty is answered 502; at other times one in 4,000 is answered 500.
  INSERT INTO api_logs (user_id, endpoint, method, status_code, response_time_ms, ip_address, created_at)
  SELECT sim.id('person', person), endpoint, 'GET',
         CASE WHEN chance < CASE WHEN is_deployment THEN 0.05 ELSE 0.00025 END THEN CASE WHEN is_deployment THEN 502 ELSE 500 END
              WHEN chance > 0.995 THEN 404 WHEN chance > 0.993 THEN 429 ELSE 200 END,
         (30 + 60 * exp(random() * 1.6))::int, sim.address(person, at), at
  FROM (SELECT at, sim.person() AS person, random() AS chance,
               (ARRAY['/api/apps', '/api/apps', '/api/apps', '/api/search', '/api/search', '/api/profile', '/api/credits', '/api/chat'])[1 + floor(random() * 8)::int] AS endpoint,
               extract(isodow FROM at AT TIME ZONE 'UTC') IN (2, 4) AND to_char(at AT TIME ZONE 'UTC', 'HH24:MI') BETWEEN '13:00' AND '13:01' AS is_deployment
        FROM sim.moments(p_from, p_to, 2.4) at) r;
  INSERT INTO page_views (user_id, page_path, ip_address, user_agent, created_at)
  SELECT sim.id('person', person), '/apps/app-' || 1 + floor(random() * 12)::int, sim.address(person, at), 'Firefox on Linux', at
  FROM (SELECT at, sim.person() AS person FROM sim.moments(p_from, p_to, 1) at) r;

  -- Logins: one in ten begins with a mistyped password, and succeeds a few seconds later.
  FOR v IN SELECT at, sim.person() AS person, random() AS chance FROM sim.moments(p_from, p_to, 0.15) at ORDER BY at LOOP
    IF v.chance < 0.1 AND v.at - interval '8 seconds' >= p_from THEN
      INSERT INTO api_logs (user_id, endpoint, method, status_code, response_time_ms, ip_address, created_at)
      VALUES (NULL, '/api/auth/login', 'POST', 401, 90, sim.address(v.person, v.at), v.at - interval '8 seconds');
    END IF;
    INSERT INTO api_logs (user_id, endpoint, method, status_code, response_time_ms, ip_address, created_at)
    VALUES (sim.id('person', v.person), '/api/auth/login', 'POST', 200, 120, sim.address(v.person, v.at), v.at);
    INSERT INTO user_sessions (user_id, token, ip_address, user_agent, expires_at, created_at)
    VALUES (sim.id('person', v.person), 'sim-' || nextval('sim.rows'), sim.address(v.person, v.at), 'Firefox on Linux', v.at + interval '1 day', v.at);
    INSERT INTO user_activity_log (user_id, action_type, resource_type, ip_address, created_at)
    VALUES (sim.id('person', v.person), 'login', 'session', sim.address(v.person, v.at), v.at);
    UPDATE profiles SET last_login_at = v.at WHERE id = sim.id('person', v.person);
  END LOOP;
  -- The platform removes its own expired sessions.
  DELETE FROM user_sessions WHERE expires_at <= p_to;
  -- Admins work at their desks.
  INSERT INTO user_activity_log (user_id, action_type, resource_type, ip_address, created_at)
  SELECT sim.id('person', 2 + floor(random() * 2)::int), 'admin_update', 'app', '203.0.113.2', at
  FROM sim.moments(p_from, p_to, 0.01) at
  WHERE extract(hour FROM at AT TIME ZONE 'UTC') BETWEEN 8 AND 17 AND extract(isodow FROM at AT TIME ZONE 'UTC') < 6;

  -- Uses of apps, two in a hundred without success and for nothing. The debit follows within seconds.
  FOR v IN SELECT at, sim.person() AS person, 1 + floor(random() * 12)::int AS app, random() > 0.02 AS success
           FROM sim.moments(p_from, p_to, 0.3) at ORDER BY at LOOP
    v_id := sim.id('use', nextval('sim.rows'));
    INSERT INTO app_usage (id, user_id, app_id, credits_used, execution_time_ms, success, error_message, created_at)
    VALUES (v_id, sim.id('person', v.person), sim.id('app', v.app), CASE WHEN v.success THEN 1 + v.app % 4 ELSE 0 END,
            (300 + random() * 900)::int, v.success, CASE WHEN NOT v.success THEN 'the model did not answer' END, v.at);
    IF v.success THEN
      CALL sim.book(v.person, -(1 + v.app % 4), 'usage', 'App ' || v.app, 'use:' || v_id, jsonb_build_object('app_usage_id', v_id, 'app', 'app-' || v.app), v.at);
    END IF;
  END LOOP;
  INSERT INTO tools_usage (user_id, tool_id, credits_used, created_at)
  SELECT sim.id('person', sim.person()), sim.id('tool', 1 + floor(random() * 12)::int), 0, at FROM sim.moments(p_from, p_to, 0.1) at;
  INSERT INTO javari_usage_stats (user_id, provider, model, input_tokens, output_tokens, total_tokens, cost_cents, success, created_at)
  SELECT sim.id('person', sim.person()), provider, provider || '-large', 900, 300, 1200, 1 + floor(random() * 3)::int, random() > 0.01, at
  FROM (SELECT at, (ARRAY['openai', 'anthropic', 'google'])[1 + floor(random() * 3)::int] AS provider FROM sim.moments(p_from, p_to, 0.2) at) r;

  -- Payments. Cards take up to two minutes, and 3 % are declined; one in twelve is a bank debit, which takes a day.
  FOR v IN SELECT at, sim.person() AS person, random() AS chance, random() < 1 / 12.0 AS by_bank, nextval('sim.rows') AS n
           FROM sim.moments(p_from, p_to, 0.03) at ORDER BY at LOOP
    v_id := sim.id('payment', v.n);
    INSERT INTO transactions (id, user_id, provider, provider_transaction_id, type, amount_cents, currency, status, credits_granted, metadata, created_at, updated_at)
    VALUES (v_id, sim.id('person', v.person), CASE WHEN v.n % 3 = 0 THEN 'paypal' ELSE 'stripe' END, 'pi_sim_' || v.n, 'purchase', 990, 'USD', 'pending', 500,
            jsonb_build_object('payment_method', CASE WHEN v.by_bank THEN 'sepa_debit' ELSE 'card' END), v.at, v.at);
    INSERT INTO sim.due VALUES (v_id, v.person, v.at + CASE WHEN v.by_bank THEN interval '1 day' ELSE v.chance * interval '2 minutes' END,
                                CASE WHEN v.chance < 0.03 THEN 'failed' ELSE 'completed' END);
  END LOOP;
  FOR v IN DELETE FROM sim.due WHERE at < p_to RETURNING * LOOP
    UPDATE transactions SET status = v.status, updated_at = v.at WHERE id = v.transaction_id;
    IF v.status = 'completed' THEN
      CALL sim.book(v.person, 500, 'purchase', 'Payment', 'payment:' || v.transaction_id, jsonb_build_object('transaction_id', v.transaction_id), v.at);
    END IF;
  END LOOP;
  -- Providers renew subscriptions some minutes before their period ends.
  UPDATE subscriptions SET current_period_start = current_period_end, current_period_end = current_period_end + interval '30 days', updated_at = p_from
  WHERE status = 'active' AND current_period_end < p_to + interval '10 minutes';

  -- Games and visits end after some minutes; a score stands on the leaderboard at once, with its rank.
  UPDATE game_sessions SET ended_at = started_at + interval '11 minutes', duration_seconds = 660, completed = true
  WHERE ended_at IS NULL AND started_at < p_to - interval '11 minutes';
  UPDATE space_visits SET exited_at = entered_at + interval '17 minutes', duration_seconds = 1020
  WHERE exited_at IS NULL AND entered_at < p_to - interval '17 minutes';
  INSERT INTO game_sessions (user_id, game_id, started_at, score, created_at)
  SELECT sim.id('person', sim.person()), sim.id('game', 1 + floor(random() * 3)::int), at, (random() * 1000)::int, at FROM sim.moments(p_from, p_to, 0.1) at;
  INSERT INTO space_visits (avatar_id, space_id, entered_at)
  SELECT sim.id('avatar', 1 + floor(random() * 60)::int), sim.id('space', 1 + floor(random() * 3)::int), at FROM sim.moments(p_from, p_to, 0.05) at;
  FOR v IN SELECT at, sim.person() AS person, 1 + floor(random() * 3)::int AS game, (random() * 1000)::int AS score FROM sim.moments(p_from, p_to, 0.02) at LOOP
    INSERT INTO game_leaderboards (game_id, user_id, score, achieved_at, created_at)
    VALUES (sim.id('game', v.game), sim.id('person', v.person), v.score, v.at, v.at)
    ON CONFLICT (game_id, user_id) DO UPDATE SET score = excluded.score, achieved_at = excluded.achieved_at WHERE game_leaderboards.score < excluded.score;
  END LOOP;
  PERFORM engine.refresh_ranks(game_id) FROM (SELECT DISTINCT game_id FROM game_leaderboards WHERE created_at >= p_from OR achieved_at >= p_from) games;
  INSERT INTO error_logs (user_id, error_type, error_message, ip_address, created_at)
  SELECT sim.id('person', sim.person()), 'UpstreamError', 'the model did not answer', '203.0.113.9'::inet, at FROM sim.moments(p_from, p_to, 0.01) at
  UNION ALL
  SELECT sim.id('person', sim.person()), 'ValidationError',
    'field ' || floor(random() * 40)::int || ' of form ' || gen_random_uuid() || ' is longer than ' || floor(random() * 500)::int || ' characters',
    '203.0.113.9'::inet, at FROM sim.moments(p_from, p_to, 0.05) at;
END $$;
