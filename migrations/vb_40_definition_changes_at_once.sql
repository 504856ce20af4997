-- The history of a statement that changes or deletes many definitions is written in one statement, too; vb_38 wrote it row by row.
-- A trigger that sees all rows of a statement cannot be bound to columns, and most statements on these tables change no definition: so
-- a second one, which is bound to the columns, notes that a statement may change some, and without that note nothing is compared.
CREATE FUNCTION engine.definitions_named() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config('engine.definitions_named', 'on', true);
  RETURN NULL;
END
$$;

-- After an UPDATE or DELETE. Arguments: the kind, and the columns of the definition.
CREATE FUNCTION engine.definitions_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  columns text[];
  values_of CONSTANT text := 'jsonb_build_object(%s)';
  was text;
  "is" text;
  -- Silences have no name.
  name text := CASE WHEN TG_ARGV[0] <> 'silence' THEN CASE TG_OP WHEN 'UPDATE' THEN 'n.name' ELSE 'o.name' END ELSE 'NULL::text' END;
  rows text;
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('engine.definitions_named', true) IS DISTINCT FROM 'on' THEN
    RETURN NULL;
  END IF;
  columns := string_to_array(TG_ARGV[1], ' ');
  SELECT format(values_of, string_agg(format('%1$L, o.%1$I', c), ', ')), format(values_of, string_agg(format('%1$L, n.%1$I', c), ', '))
    INTO was, "is" FROM unnest(columns) c;
  -- OFFSET 0: each side is built once for a row, and not once for each of its columns.
  rows := CASE TG_OP
    WHEN 'UPDATE' THEN format('SELECT o.id::text AS id, %s AS name, %s AS was, %s AS "is" FROM old_rows o JOIN new_rows n ON n.id = o.id OFFSET 0', name, was, "is")
    ELSE format('SELECT o.id::text AS id, %s AS name, %s AS was, NULL::jsonb AS "is" FROM old_rows o OFFSET 0', name, was)
  END;
  -- Planned anew each time: how many rows there are decides how they are joined.
  EXECUTE format($insert$
    INSERT INTO engine.definition_changes (kind, definition, version, name, event, before, after, actor, source, place, why, database_role)
    SELECT %1$L, e.id,
           coalesce((SELECT max(d.version) FROM engine.definition_changes d WHERE d.kind = %1$L AND d.definition = e.id), 0) + 1,
           e.name, %2$L, engine.without_credentials(e.was),
           engine.without_credentials((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(e."is") f WHERE f.value <> e.was -> f.key)),
           c.actor, c.source, c.place, c.why, c.database_role
    FROM (%3$s) e CROSS JOIN engine.change_context() c
    WHERE e.was IS DISTINCT FROM e."is" ORDER BY e.id$insert$,
    TG_ARGV[0], CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END, rows);
  RETURN NULL;
END
$$;

DO $triggers$
DECLARE
  each record;
BEGIN
  FOR each IN
    SELECT * FROM (VALUES
      ('bots', 'bot', 'name display_name description schedule_cron timezone api_endpoint config catch_up catch_up_limit grace_seconds overlap concurrency jitter_seconds timeout_seconds max_attempts priority confirm clear status status_reason removed_at'),
      ('bot_knowledge', 'knowledge', 'name category issue_pattern solution half_life_days autonomy enabled removed_at'),
      ('bot_silences', 'silence', 'bot_id component category fingerprint owner reason until_resolved expires_at ended_at')
    ) AS t (tab, kind, columns) LOOP
    EXECUTE format('DROP TRIGGER definition_changed ON %I', each.tab);
    EXECUTE format('DROP TRIGGER definition_deleted ON %I', each.tab);
    EXECUTE format('CREATE TRIGGER definitions_named BEFORE UPDATE OF %s ON %I FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_named()',
      replace(each.columns, ' ', ', '), each.tab);
    EXECUTE format('CREATE TRIGGER definitions_changed AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_changed(%L, %L)', each.tab, each.kind, each.columns);
    EXECUTE format('CREATE TRIGGER definitions_deleted AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION engine.definitions_changed(%L, %L)', each.tab, each.kind, each.columns);
  END LOOP;
END
$triggers$;
DROP FUNCTION engine.definition_changed();
REVOKE ALL ON FUNCTION engine.definitions_named(), engine.definitions_changed() FROM PUBLIC;
