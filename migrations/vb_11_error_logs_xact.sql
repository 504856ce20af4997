-- The transaction that wrote the row: the job group-errors reads rows in this order, and only those of transactions that are older than
-- all open ones, so that a late commit is not missed. Adding it rewrites no row: those that are there get the id of this migration.
ALTER TABLE error_logs ADD COLUMN xact_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX idx_error_logs_xact ON error_logs (xact_id, id);
