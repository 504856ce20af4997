-- How often an entry may heal one component in a day. A value that is there already stays; settings that are no
-- object, or were removed, keep their gates closed.
UPDATE engine.settings SET value = '{"heals_per_day": 8}'::jsonb || value
WHERE key = 'healing' AND jsonb_typeof(value) = 'object';
