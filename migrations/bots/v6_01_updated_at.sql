-- In schema engine, because the platform may have another function of this name in public.
CREATE FUNCTION engine.update_updated_at() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION engine.update_updated_at() FROM PUBLIC;

DROP TRIGGER IF EXISTS update_bot_tickets_updated_at ON bot_tickets;
CREATE TRIGGER update_bot_tickets_updated_at BEFORE UPDATE ON bot_tickets
  FOR EACH ROW EXECUTE FUNCTION engine.update_updated_at();
