/**
 * The outward ping, which an installation sends once a minute: the setting `ping` says which process sends it, and what came of
 * it. Its row is changed at each claim, so `changed_at` is the time of the newest claim. The address is not stored.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** Processes ask every 5 s, so that a minute passes from claim to claim. */
const claimedFor = sql`interval '55 seconds'`;

const changedNow = (changedAt: RawBuilder<unknown>) =>
  sql`${changedAt} BETWEEN engine.now() - ${claimedFor} AND engine.now()`;

const msSince = (at: RawBuilder<unknown>) =>
  sql`floor(extract(epoch FROM engine.now() - (${at})::timestamptz) * 1000)::float8`;

export interface PingClaim {
  /** milliseconds since a canary passed last; since the first claim, if none has */
  sincePassedMs: number;
}

/**
 * Claims the ping of this minute; null when it is claimed already. A claim in the future (the clock was set back) does not count.
 */
export async function claimPing(db: Db): Promise<PingClaim | null> {
  const { rows } = await sql<PingClaim>`
    INSERT INTO engine.settings AS s (key, value, changed_at)
    SELECT 'ping', jsonb_build_object('since', engine.now()), engine.now()
    WHERE NOT EXISTS (SELECT FROM engine.settings WHERE key = 'ping' AND ${changedNow(sql`changed_at`)})
    ON CONFLICT (key) DO UPDATE SET value = s.value || jsonb_build_object('since', coalesce(s.value -> 'since', to_jsonb(engine.now()))),
      changed_at = engine.now()
    WHERE NOT (${changedNow(sql`s.changed_at`)})
    RETURNING ${msSince(sql`coalesce(value ->> 'passed_at', value ->> 'since')`)} AS "sincePassedMs"`.execute(
    db,
  );
  return rows[0] ?? null;
}

const note = async (db: Db, facts: RawBuilder<unknown>): Promise<void> =>
  void (await sql`UPDATE engine.settings SET value = value || ${facts} WHERE key = 'ping'`.execute(
    db,
  ));

/** Records that a canary has passed. */
export const noteCanaryPassed = (db: Db): Promise<void> =>
  note(db, sql`jsonb_build_object('passed_at', engine.now())`);

/** Records that the receiver has accepted a success of `by`, which names a process. */
export const notePingAccepted = (db: Db, by: string): Promise<void> =>
  note(
    db,
    sql`jsonb_build_object('accepted_at', engine.now(), 'accepted_by', ${by}::text, 'problem', NULL)`,
  );

/** Records why no success was sent or accepted; without secrets. */
export const notePingProblem = (db: Db, problem: string): Promise<void> =>
  note(db, sql`jsonb_build_object('problem', ${problem}::text)`);

export interface PingState {
  /** milliseconds since a process claimed it last */
  claimedMs: number;
  /** milliseconds since the receiver accepted a success; null when it has accepted none */
  acceptedMs: number | null;
  /** the process that sent it */
  acceptedBy: string | null;
  /** why none was sent or accepted after that; null when there was nothing */
  problem: string | null;
}

/** Null when no process has sent one yet. */
export async function readPing(db: Db): Promise<PingState | null> {
  const { rows } = await sql<PingState>`
    SELECT ${msSince(sql`changed_at`)} AS "claimedMs", ${msSince(sql`value ->> 'accepted_at'`)} AS "acceptedMs",
           value ->> 'accepted_by' AS "acceptedBy", value ->> 'problem' AS problem
    FROM engine.settings WHERE key = 'ping'`.execute(db);
  return rows[0] ?? null;
}
