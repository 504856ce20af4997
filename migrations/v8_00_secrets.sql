-- Named secrets, to which playbooks (and later bots, channels and sources) refer as {{secret:NAME}}. The value is
-- encrypted with a key that is in no database (ROUNDSMAN_KEYS), or stays in an environment variable of the processes
-- that need it.
CREATE TABLE engine.secrets (
  name text PRIMARY KEY CHECK (name ~ '^[A-Z][A-Z0-9_]{0,99}$'),
  -- is part of what is encrypted, so that the text of another row, or of a removed one, cannot be decrypted as this one
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- v1.WRAPPED.DATA (src/ground/sealing.ts), and the id of the key that encrypts it
  sealed text,
  key_id text,
  -- or the name of the environment variable that holds it
  variable text CHECK (variable ~ '^[A-Za-z_][A-Za-z0-9_]{0,199}$'),
  created_at timestamptz NOT NULL DEFAULT engine.now(),
  -- when its value or its place was last changed; encrypting it with another key is not a change
  changed_at timestamptz NOT NULL DEFAULT engine.now(),
  changed_by text NOT NULL,
  rotated_at timestamptz,
  CHECK ((sealed IS NULL) = (key_id IS NULL)),
  CHECK ((sealed IS NULL) <> (variable IS NULL))
);
REVOKE ALL ON engine.secrets FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.secrets TO service_role;
-- If SELECT is granted by mistake, the grant shows no rows: only service_role, its members and the owner see them.
ALTER TABLE engine.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY "service_role uses secrets" ON engine.secrets TO service_role USING (true) WITH CHECK (true);

-- Removes credentials that earlier requests have recorded because their playbooks contain them as plain text: the values
-- of headers that authenticate, and the same values where the answer repeats them. To undo such a request, Roundsman
-- takes them from its entry.
DO $$
DECLARE
  action record;
  header record;
  kept jsonb;
  body text;
  value text;
BEGIN
  FOR action IN SELECT id, evidence FROM public.bot_actions WHERE remedy = 'http.request' AND evidence ? 'params' LOOP
    kept := action.evidence;
    body := kept #>> '{after,body}';
    FOR header IN
      SELECT place.path, h.key, h.value
      FROM (VALUES ('{params,headers}'::text[]), ('{params,done,headers}'), ('{params,undo,headers}')) place (path),
        LATERAL jsonb_each_text(CASE jsonb_typeof(action.evidence #> place.path) WHEN 'object'
                                THEN action.evidence #> place.path ELSE '{}' END) h
      WHERE h.key ~* '^((proxy-)?authorization|cookie|auth|.*(api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key|token|secret|password|signature|session[-_]?id))$'
        AND length(h.value) >= 3
    LOOP
      value := regexp_replace(header.value, '^(Bearer|Basic|Token|ApiKey|Digest)\s+', '', 'i');
      kept := jsonb_set(kept, header.path || header.key,
                        to_jsonb(left(header.value, length(header.value) - length(value)) || '[redacted]'));
      IF length(value) >= 6 THEN
        body := replace(body, value, '[redacted]');
      END IF;
    END LOOP;
    IF body IS NOT NULL THEN
      kept := jsonb_set(kept, '{after,body}', to_jsonb(body));
    END IF;
    IF kept IS DISTINCT FROM action.evidence THEN
      UPDATE public.bot_actions SET evidence = kept WHERE id = action.id;
    END IF;
  END LOOP;
END
$$;
