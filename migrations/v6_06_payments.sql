-- A payment provider may send an event twice, late, or before an earlier one. So the status of a payment only moves
-- forward, and the same events have the same effect in every order:
--   pending -> failed -> completed -> refunded (steps may be left out: a refund may come first)
-- A failed payment may still be completed: the buyer tried another card, and both events are on their way. Credits are
-- booked in the transaction that changes the status, whatever writes the row. So nothing else may book them.
ALTER TABLE transactions
  -- the event that set the present status: its id at the provider, and when it happened there
  ADD COLUMN last_event_id text,
  ADD COLUMN last_event_at timestamptz,
  -- A row of type refund records that money was paid back. The credits are taken back by the row of the payment itself.
  ADD CONSTRAINT transactions_amount_cents_check CHECK (amount_cents >= 0 OR type = 'refund') NOT VALID,
  ADD CONSTRAINT transactions_credits_granted_check CHECK
    (credits_granted >= 0 AND (type <> 'refund' OR credits_granted = 0)) NOT VALID,
  ADD CONSTRAINT transactions_currency_check CHECK (currency ~ '^[A-Z]{3}$') NOT VALID;

-- credits_granted is how many credits the payment gives. It cannot be changed once they were granted. If a payment is
-- refunded before it was completed, it has granted 0. When its completion arrives later, credits_granted says how many
-- it would have been, and nothing is booked.
CREATE FUNCTION engine.guard_payment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ranks CONSTANT text[] := '{pending,failed,completed,refunded}';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF array_position(v_ranks, NEW.status::text) < array_position(v_ranks, OLD.status::text) THEN
      RAISE check_violation USING
        MESSAGE = format('transactions.status moves only forward: %s cannot become %s', OLD.status, NEW.status),
        TABLE = 'transactions', COLUMN = 'status', CONSTRAINT = 'transactions_status_forward';
    END IF;
    IF (NEW.id, NEW.user_id, NEW.provider) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.provider)
       OR (OLD.provider_transaction_id IS NOT NULL
           AND NEW.provider_transaction_id IS DISTINCT FROM OLD.provider_transaction_id)
       OR (OLD.status <> 'pending' AND (NEW.type, NEW.amount_cents, NEW.currency)
           IS DISTINCT FROM (OLD.type, OLD.amount_cents, OLD.currency))
       OR ((OLD.status = 'completed' OR (OLD.status = 'refunded' AND OLD.credits_granted <> 0))
           AND NEW.credits_granted IS DISTINCT FROM OLD.credits_granted) THEN
      RAISE check_violation USING
        MESSAGE = 'a payment keeps its id, user and provider, its figures once it is no longer pending, '
                  'and its credits once they were granted',
        TABLE = 'transactions', CONSTRAINT = 'transactions_identity';
    END IF;
    IF OLD.status IN ('completed', 'refunded') THEN RETURN NEW; END IF;
  END IF;
  IF NEW.status = 'refunded' THEN NEW.credits_granted := 0; END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER transactions_guarded BEFORE INSERT OR UPDATE ON transactions
  FOR EACH ROW EXECUTE FUNCTION engine.guard_payment();

-- A refund takes back only the credits that are left, so that no balance falls below zero. The credits that were already
-- spent are recorded as credits_shortfall in the metadata of the payment and of the booking.
CREATE FUNCTION engine.book_payment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Keys are of the row's own id: a provider's id is any text, and may be another row's id.
  v_payment text := NEW.provider || ':' || coalesce(NEW.provider_transaction_id, NEW.id::text);
  v_about jsonb := jsonb_build_object('transaction_id', NEW.id);
  v_balance integer;
  v_taken integer;
BEGIN
  IF coalesce(NEW.credits_granted, 0) = 0 THEN RETURN NULL; END IF;
  IF NEW.status = 'completed' THEN
    PERFORM engine.book_credits(NEW.user_id, NEW.credits_granted, 'purchase', 'Payment ' || v_payment,
                                'payment:' || NEW.id, v_about);
  ELSIF NEW.status = 'refunded' THEN
    PERFORM FROM public.profiles WHERE id = NEW.user_id FOR NO KEY UPDATE;
    SELECT balance_after INTO v_balance FROM public.credits
    WHERE user_id = NEW.user_id ORDER BY seq DESC LIMIT 1;
    v_taken := least(NEW.credits_granted, greatest(coalesce(v_balance, 0), 0));
    IF v_taken < NEW.credits_granted THEN
      v_about := v_about || jsonb_build_object('credits_shortfall', NEW.credits_granted - v_taken);
      UPDATE public.transactions
      SET metadata = CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata ELSE '{}' END
                     || jsonb_build_object('credits_shortfall', NEW.credits_granted - v_taken)
      WHERE id = NEW.id;
    END IF;
    IF v_taken > 0 THEN
      PERFORM engine.book_credits(NEW.user_id, -v_taken, 'refund', 'Refund of payment ' || v_payment,
                                  'refund:' || NEW.id, v_about);
    END IF;
  END IF;
  RETURN NULL;
END
$$;
-- AFTER: if ON CONFLICT DO NOTHING discards the insert, nothing may be booked.
CREATE TRIGGER transactions_booked_new AFTER INSERT ON transactions FOR EACH ROW
  WHEN (NEW.status = 'completed') EXECUTE FUNCTION engine.book_payment();
CREATE TRIGGER transactions_booked AFTER UPDATE ON transactions FOR EACH ROW
  WHEN (NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION engine.book_payment();

-- A payment that was deleted and inserted again could be granted twice, so payments are not deleted.
CREATE TRIGGER transactions_kept BEFORE DELETE ON transactions FOR EACH ROW
  WHEN (OLD.status <> 'pending') EXECUTE FUNCTION engine.refuse_change();
CREATE TRIGGER transactions_not_truncated BEFORE TRUNCATE ON transactions
  FOR EACH STATEMENT EXECUTE FUNCTION engine.refuse_change();

-- The event that is newest by the time of the provider decides, in whatever order the events arrive.
ALTER TABLE subscriptions
  ADD COLUMN last_event_id text,
  ADD COLUMN last_event_at timestamptz,
  ADD CONSTRAINT subscriptions_period_check CHECK (current_period_end >= current_period_start) NOT VALID;

CREATE FUNCTION engine.guard_subscription() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.user_id, NEW.provider, NEW.provider_subscription_id)
     IS DISTINCT FROM (OLD.user_id, OLD.provider, OLD.provider_subscription_id) THEN
    RAISE check_violation USING MESSAGE = 'a subscription keeps its user, its provider and its id there',
      TABLE = 'subscriptions', CONSTRAINT = 'subscriptions_identity';
  END IF;
  IF NEW.last_event_at < OLD.last_event_at OR (NEW.last_event_at IS NULL AND OLD.last_event_at IS NOT NULL) THEN
    RAISE check_violation USING MESSAGE = 'subscriptions.last_event_at does not go back',
      TABLE = 'subscriptions', COLUMN = 'last_event_at', CONSTRAINT = 'subscriptions_newest_event';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER subscriptions_guarded BEFORE UPDATE ON subscriptions
  FOR EACH ROW EXECUTE FUNCTION engine.guard_subscription();

-- Trigger functions: no role calls them.
REVOKE EXECUTE ON FUNCTION engine.guard_payment(), engine.book_payment(), engine.guard_subscription()
  FROM PUBLIC, anon, authenticated;
