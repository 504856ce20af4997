/**
 * Triggers of the harness, in a schema of their own. They record every write to a run, and every application of a remedy,
 * in the transaction that makes it.
 */
import type { PostgresServer } from './postgres-server.ts';

/** One write to a row of `bot_executions`. */
export interface RunWrite {
  seq: number;
  /** the time of the write, before its commit, in milliseconds */
  at: number;
  run: string;
  bot: string;
  old_status: string | null;
  status: string;
  old_fence: string | null;
  fence: string | null;
  old_attempt: number | null;
  attempt: number;
  old_worker: string | null;
  worker: string | null;
  reason: string | null;
  /** the end of the lease before the write, in milliseconds */
  old_lease: number | null;
  /** the address from which the writer connects: each post has its own */
  writer: string | null;
}

const statements = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.cases (site text NOT NULL, name text PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());
  -- Checks read as a role of their own.
  GRANT USAGE ON SCHEMA chaos TO PUBLIC;
  GRANT SELECT ON chaos.cases TO PUBLIC;
  CREATE TABLE chaos.effects (name text NOT NULL, xact xid8 NOT NULL DEFAULT pg_current_xact_id());
  CREATE TABLE chaos.applied (action uuid NOT NULL, name text, xact xid8 NOT NULL DEFAULT pg_current_xact_id());
  CREATE TABLE chaos.written (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run uuid NOT NULL, bot uuid NOT NULL, old_status text, status text NOT NULL, old_fence bigint, fence bigint,
    old_attempt int, attempt int NOT NULL, old_worker text, worker text, reason text, old_lease timestamptz,
    writer text DEFAULT host(inet_client_addr()));

  CREATE FUNCTION chaos.note_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO chaos.written (run, bot, old_status, status, old_fence, fence, old_attempt, attempt, old_worker,
                               worker, reason, old_lease)
    VALUES (NEW.id, NEW.bot_id, OLD.status, NEW.status, OLD.fence, NEW.fence, OLD.attempt, NEW.attempt, OLD.worker,
            NEW.worker, NEW.reason, OLD.lease_until);
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_note_run AFTER INSERT OR UPDATE ON public.bot_executions
    FOR EACH ROW EXECUTE FUNCTION chaos.note_run();

  CREATE FUNCTION chaos.note_applied() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO chaos.applied (action, name) VALUES (NEW.id, NEW.component);
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_note_applied AFTER UPDATE OF state ON public.bot_actions
    FOR EACH ROW WHEN (NEW.state = 'applied') EXECUTE FUNCTION chaos.note_applied();

  CREATE TABLE chaos.stale (at timestamptz NOT NULL DEFAULT clock_timestamp(), finding uuid, fence bigint, why text);
  CREATE FUNCTION chaos.note_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF TG_OP = 'UPDATE' AND NEW.last_fence < OLD.last_fence THEN
      INSERT INTO chaos.stale (finding, fence, why) VALUES (NEW.id, NEW.last_fence, 'newer: ' || OLD.last_fence);
    ELSIF NOT EXISTS (SELECT FROM public.bot_executions e
                      WHERE e.bot_id = NEW.bot_id AND e.status = 'running' AND e.fence = NEW.last_fence) THEN
      INSERT INTO chaos.stale (finding, fence, why) VALUES (NEW.id, NEW.last_fence, 'no run is held under it');
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_note_stale AFTER INSERT OR UPDATE OF last_fence ON public.bot_findings
    FOR EACH ROW EXECUTE FUNCTION chaos.note_stale();
`;

export const installAudit = ({ ask }: PostgresServer) => ask(statements);

export const readWritten = ({ ask }: PostgresServer): Promise<RunWrite[]> =>
  ask<RunWrite & { seq: string; at: string; old_lease: string | null }>(
    `SELECT seq, extract(epoch FROM at) * 1000 AS at, run, bot, old_status, status, old_fence, fence, old_attempt,
            attempt, old_worker, worker, reason, writer, extract(epoch FROM old_lease) * 1000 AS old_lease
     FROM chaos.written ORDER BY seq`,
  ).then((rows) =>
    rows.map((row) => ({
      ...row,
      seq: Number(row.seq),
      at: Number(row.at),
      old_lease: row.old_lease === null ? null : Number(row.old_lease),
    })),
  );
