-- That the heals of the entry cause other problems, by its newest judgement, with the figures; NULL if they do not.
ALTER TABLE bot_knowledge ADD COLUMN aftermath jsonb;
