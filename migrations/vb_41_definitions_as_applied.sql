-- What a file said of a definition when it was applied: by it the doctor sees which rows were changed since, without the files. NULL: it
-- was applied before this was kept.
ALTER TABLE engine.definitions ADD COLUMN fields jsonb CHECK (jsonb_typeof(fields) = 'object');
