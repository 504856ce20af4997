-- That an entry's heals make other problems, by its newest judgement, with the figures; NULL when they do not.
ALTER TABLE bot_knowledge ADD COLUMN aftermath jsonb;
