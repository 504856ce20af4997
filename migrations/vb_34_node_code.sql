-- Which bots and remedies of the catalogue each process knows, and what of its project was left out of it. A process that does not know the bot of a
-- run gives the run back while another one knows it: so processes may be restarted one after the other with new code.
-- bots, remedies: their names; NULL for a process of an earlier version. refused: an array of {place, why, hint}.
ALTER TABLE engine.nodes ADD COLUMN bots text[], ADD COLUMN remedies text[], ADD COLUMN refused jsonb;
SELECT engine.let_checks_read();
