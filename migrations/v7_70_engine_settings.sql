-- How often an entry may heal one component in a day. A value that is already set is kept. If the setting was removed or
-- is not an object, it stays so, and its gates stay closed.
UPDATE engine.settings SET value = '{"heals_per_day": 8}'::jsonb || value
WHERE key = 'healing' AND jsonb_typeof(value) = 'object';
